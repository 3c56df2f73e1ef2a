/** How entries and times are written on the wire. */
import type { Entry } from '../../domain/intake.ts';

/** The facts of an entry that MLST and MLSD can tell (RFC 3659, section 7.5). */
export const knownFacts = ['type', 'size', 'modify'] as const;
export type Fact = (typeof knownFacts)[number];

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const halfYear = 182 * 86_400_000;
const two = (value: number, filler: string): string => String(value).padStart(2, filler);

/** A line of LIST, as `ls -l` prints it: what clients without MLSD read. */
export const longLine = ({ name, kind, size, modified }: Entry, now: number): string => {
  const date = new Date(modified);
  const recent = modified <= now + 60_000 && now - modified < halfYear;
  const last = recent
    ? `${two(date.getUTCHours(), '0')}:${two(date.getUTCMinutes(), '0')}`
    : ` ${date.getUTCFullYear()}`;
  const day = `${months[date.getUTCMonth()] ?? 'Jan'} ${two(date.getUTCDate(), ' ')} ${last}`;
  const mode = kind === 'directory' ? 'drwxr-xr-x' : '-rw-r--r--';
  return `${mode}   1 partner  partner  ${String(size).padStart(12)} ${day} ${name}`;
};

/** A line of MLSD or MLST, with the facts wanted. */
export const factLine = ({ kind, size, modified }: Entry, name: string, wanted: readonly Fact[]): string => {
  const facts: Readonly<Record<Fact, string | undefined>> = {
    type: kind === 'directory' ? 'dir' : 'file',
    size: kind === 'directory' ? undefined : String(size),
    modify: timeValue(modified),
  };
  const told = wanted.filter((fact) => facts[fact] !== undefined).map((fact) => `${fact}=${facts[fact] ?? ''};`);
  return `${told.join('')} ${name}`;
};

/** A time in UTC as RFC 3659, section 2.3, writes it, whole seconds. */
export const timeValue = (time: number): string => new Date(time).toISOString().replace(/\D/g, '').slice(0, 14);

/** The time written in 12 or 14 digits (a fraction is dropped), or undefined where that is no time. */
export const timeIn = (text: string): number | undefined => {
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?(?:\.\d{1,9})?$/.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1).map((part) => Number(part || '0'));
  const time = Date.UTC(year ?? 0, (month ?? 0) - 1, day, hour, minute, second);
  const digits = text.replace(/\..*$/, '').padEnd(14, '0');
  // A month 13 would quietly become the next January.
  return Number.isFinite(time) && timeValue(time) === digits ? time : undefined;
};

/** A path in a 257 reply: quotes in it are doubled (RFC 959, appendix II). */
export const quoted = (path: string): string => `"${path.replaceAll('"', '""')}"`;
