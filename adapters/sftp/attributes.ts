import type { Attributes } from 'ssh2';
import type { Entry } from '../../domain/intake.ts';

/** An entry's attributes: a mode that says file or directory, the rest as far as there is such a thing here. */
export const attributesOf = ({ kind, size, modified }: Omit<Entry, 'name'>): Attributes => ({
  mode: kind === 'directory' ? 0o40755 : 0o100644,
  uid: 0,
  gid: 0,
  size,
  atime: Math.floor(modified / 1000),
  mtime: Math.floor(modified / 1000),
});

/** The line that `ls -l` would print: clients show it, and some still read it. */
export const longNameOf = (entry: Entry, now: number): string => {
  const mode = entry.kind === 'directory' ? 'drwxr-xr-x' : '-rw-r--r--';
  const size = String(entry.size).padStart(12);
  return `${mode}    1 partner  partner  ${size} ${dateOf(entry.modified, now)} ${entry.name}`;
};

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const halfYear = 182 * 86_400_000;
const two = (value: number, filler: string): string => String(value).padStart(2, filler);

const dateOf = (modified: number, now: number): string => {
  const date = new Date(modified);
  const recent = modified <= now + 60_000 && now - modified < halfYear;
  const last = recent
    ? `${two(date.getUTCHours(), '0')}:${two(date.getUTCMinutes(), '0')}`
    : ` ${date.getUTCFullYear()}`;
  return `${months[date.getUTCMonth()] ?? 'Jan'} ${two(date.getUTCDate(), ' ')} ${last}`;
};
