/** A terminal that remembers what was said, and a way to ask the command to stop. */
import type { Terminal } from '../../adapters/shared/terminal.ts';

/** The fake. */
export const fakeTerminal = (answer?: boolean) => {
  const [out, errors]: [string[], string[]] = [[], []];
  const [progress, questions]: [string[], string[]] = [[], []];
  const stop = new AbortController();
  const asked: { endWithParent: boolean }[] = [];
  const terminal: Terminal = {
    out: (line) => void out.push(line),
    flushed: () => Promise.resolve(true),
    error: (line) => void errors.push(line),
    progress: (text = '') => void progress.push(text),
    watched: false,
    ask: (question) => {
      questions.push(question);
      return Promise.resolve(answer);
    },
    colour: false,
    login: 'tester',
    untilStopped: (options) => {
      asked.push(options);
      return { signal: stop.signal, release: () => undefined };
    },
  };
  return { terminal, out, errors, progress, questions, asked, stop: () => stop.abort('SIGTERM') };
};
