/** A terminal that remembers what was said, and a way to ask the command to stop. */
import type { Terminal } from '../../adapters/shared/terminal.ts';

/** The fake. */
export const fakeTerminal = () => {
  const [out, errors]: [string[], string[]] = [[], []];
  const stop = new AbortController();
  const asked: { endWithParent: boolean }[] = [];
  const terminal: Terminal = {
    out: (line) => void out.push(line),
    error: (line) => void errors.push(line),
    colour: false,
    login: 'tester',
    untilStopped: (options) => {
      asked.push(options);
      return { signal: stop.signal, release: () => undefined };
    },
  };
  return { terminal, out, errors, asked, stop: () => stop.abort('SIGTERM') };
};
