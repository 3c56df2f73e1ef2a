/** What a listener needs beside its settings, for tests: real time, and a log that can be read. */
import type { Intake } from '../../domain/intake.ts';
import type { Clock, Log } from '../../domain/ports.ts';
import type { ListenerContext } from '../../domain/protocol.ts';

/** Real time. */
export const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (milliseconds, callback) => {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
};

/** A context, and the lines that were logged, as text. */
export const listenerContext = (
  intake: Intake,
  directory: string,
  clock: Clock = realClock,
): ListenerContext & { readonly lines: string[] } => {
  const lines: string[] = [];
  const line =
    (level: string): Log['info'] =>
    (message, fields) =>
      void lines.push(`${level} ${message} ${JSON.stringify(fields ?? {})}`);
  const log: Log = {
    debug: line('debug'),
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
    alarm: line('alarm'),
  };
  return { intake, log, clock, directory, lines };
};
