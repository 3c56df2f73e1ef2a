/** Where a command speaks to its user, and hears that it should stop. */
export type Terminal = {
  /** One line of what was asked for. */
  readonly out: (line: string) => void;
  /** Answers when what was said is on its way, so that no more waits in memory; false where nobody reads any more. */
  readonly flushed: () => Promise<boolean>;
  /** One line of what went wrong, or of log. */
  readonly error: (line: string) => void;
  /** How far something is, where somebody watches: replaces what it said before; without a text that is wiped away. */
  readonly progress: (text?: string) => void;
  /** Does somebody watch `progress`? */
  readonly watched: boolean;
  /** Asks a yes-or-no question; undefined where there is nobody to ask. */
  readonly ask: (question: string) => Promise<boolean | undefined>;
  /** May `out` be coloured? */
  readonly colour: boolean;
  /** Who is asking. */
  readonly login: string;
  /** Aborts at SIGTERM or SIGINT, and where wanted when the parent process is gone; `release` stops listening. */
  readonly untilStopped: (options: { readonly endWithParent: boolean }) => {
    readonly signal: AbortSignal;
    readonly release: () => void;
  };
};
