/** The log: one line a record, whatever is in it. */
import type { Clock, Json, JsonObject, Log } from '../../domain/ports.ts';
import { printable } from './printable.ts';

const levels = ['debug', 'info', 'warn', 'error', 'alarm'] as const;
type Level = (typeof levels)[number];

/** What a log is made of. Records below `level` are dropped; alarms never are. */
export type LogOptions = {
  readonly level: Exclude<Level, 'alarm'>;
  readonly format: 'text' | 'json';
  readonly write: (line: string) => void;
  readonly clock: Pick<Clock, 'now'>;
};

/** Makes a log. Control characters are escaped, so that nobody outside can forge a line; keeping secrets out is the caller's part. */
export const createLog = ({ level, format, write, clock }: LogOptions): Log => {
  const line = format === 'json' ? jsonLine : textLine;
  const at =
    (mine: Level) =>
    (message: string, fields: JsonObject = {}): void => {
      if (levels.indexOf(mine) >= levels.indexOf(level))
        write(line(new Date(clock.now()).toISOString(), mine, message, fields));
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), alarm: at('alarm') };
};

const textLine = (time: string, level: Level, message: string, fields: JsonObject): string =>
  [time, level.padEnd(5), printable(message), ...Object.entries(fields).flatMap(pair)].join(' ');

const pair = ([key, value]: readonly [string, Json | undefined]): readonly string[] =>
  value === undefined ? [] : [`${printable(key)}=${shown(value)}`];

const shown = (value: Json): string => {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return /^[^\s"=\\]+$/.test(text) ? printable(text) : printable(JSON.stringify(text));
};

const jsonLine = (time: string, level: Level, message: string, fields: JsonObject): string => {
  const body = JSON.stringify({ ...fields, time, level, message: printable(message) });
  // Cutting the text of a JSON record would break it, so a record that is too long gives up its fields.
  const whole = body.length <= 16_384 ? body : JSON.stringify({ time, level, message: printable(message), cut: true });
  return printable(whole, Number.POSITIVE_INFINITY);
};
