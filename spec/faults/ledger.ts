/** What clients sent, and for what they got their OK: kept outside both servers, and compared with what arrived. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A file to be sent: no two of a test are of the same name and content. */
export type Sent = { readonly name: string; readonly bytes: Buffer };

/** The book of a test. */
export type Ledger = {
  /** A client begins to send it. */
  readonly begun: (file: Sent) => void;
  /** A client read the OK for it. */
  readonly answered: (file: Sent) => void;
  /** How often a client had to send a file anew, because it does not know whether it arrived. */
  readonly counts: () => { readonly sent: number; readonly answered: number; readonly bytes: number };
  /** Compares with a directory of results: names of what is lost, doubled, or half. */
  readonly audit: (directory: string) => Promise<Audit>;
  /** Compares with files that are at hand already. */
  readonly compare: (arrived: readonly Sent[]) => Audit;
};

/** What is wrong. `strange` is what nobody sent: half a file, two files mixed, a temporary. */
export type Audit = {
  readonly lost: readonly string[];
  readonly doubled: readonly string[];
  readonly strange: readonly string[];
};

const entryOf = (name: string, bytes: Buffer): string => `${name} ${createHash('sha256').update(bytes).digest('hex')}`;

/** `a.<transfer id>.xml` is how `a.xml` is called where that name was taken. */
export const sentName = (name: string): string => name.replace(/\.[0-9a-hjkmnp-tv-z]{26}(?=\.[^.]*$|$)/, '');

/** An empty book. */
export const openLedger = (): Ledger => {
  const entries = new Map<string, 'begun' | 'answered'>();
  let bytes = 0;
  const compare = (files: readonly Sent[]): Audit => {
    const arrived = new Map<string, string[]>();
    for (const { name, bytes } of files) {
      const entry = entryOf(sentName(name), bytes);
      arrived.set(entry, [...(arrived.get(entry) ?? []), `${name} (${bytes.length} bytes)`]);
    }
    return {
      lost: [...entries].filter(([entry, state]) => state === 'answered' && !arrived.has(entry)).map(([e]) => e),
      doubled: [...arrived.values()].filter((names) => names.length > 1).map((names) => names.join(' = ')),
      strange: [...arrived].filter(([entry]) => !entries.has(entry)).flatMap(([, names]) => names),
    };
  };
  return {
    begun: (file) => {
      const entry = entryOf(file.name, file.bytes);
      if (entries.has(entry)) throw new Error(`two files of this test are the same: ${file.name}`);
      entries.set(entry, 'begun');
      bytes += file.bytes.length;
    },
    answered: (file) => void entries.set(entryOf(file.name, file.bytes), 'answered'),
    counts: () => ({
      sent: entries.size,
      answered: [...entries.values()].filter((state) => state === 'answered').length,
      bytes,
    }),
    audit: async (directory) => {
      const names = await readdir(directory);
      return compare(
        await Promise.all(names.map(async (name) => ({ name, bytes: await readFile(join(directory, name)) }))),
      );
    },
    compare,
  };
};
