/** Whether the events of each stream come in the order of their revisions, with none left out but purged ones. */
import type { Found } from '../domain/chain-check.ts';
import type { LoggedEvent } from '../domain/ports.ts';
import type { Purges } from './purges.ts';
import type { Readable } from './segments.ts';
import { orThrow } from './unwrap.ts';

const remembered = 10_000;

/** The order of revisions, told the events in log order. */
export type Revisions = {
  /** Why an event cannot stand here: a sentence, or undefined. */
  check(event: LoggedEvent): Promise<string | undefined>;
  /** What comes first among the missing predecessors of events that are still to be told. */
  firstGap(ahead: readonly Found[]): Promise<{ readonly stream: string; readonly revision: bigint } | undefined>;
  /** A purged event stood here. */
  purged(stream: string, revision: bigint): void;
};

/** Opens it; it remembers the streams that it met last, and looks for the others in the log. */
export const openRevisions = (log: Readable, purges: Pick<Purges, 'has'>): Revisions => {
  const last = new Map<string, bigint>();
  const remember = (stream: string, revision: bigint): void => {
    last.delete(stream);
    last.set(stream, revision);
    const oldest = last.size > remembered ? last.keys().next().value : undefined;
    if (oldest !== undefined) last.delete(oldest);
  };
  const before = async ({ stream, revision, position }: LoggedEvent): Promise<bigint | undefined> => {
    const known = last.get(stream);
    if (known !== undefined || revision === 0n) return known;
    const [event] = orThrow(await log.readStream(stream, { from: revision - 1n, limit: 1 })());
    if (event?.revision === revision - 1n && event.position < position) return event.revision;
    return (await purges.has(stream, revision - 1n)) ? revision - 1n : undefined;
  };
  return {
    purged: remember,
    firstGap: async (ahead) => {
      const seen = new Map<string, bigint>();
      for (const { event } of ahead) {
        const { stream, revision } = event;
        const next = (seen.get(stream) ?? (await before(event)) ?? supposed(revision)) + 1n;
        if (revision > next) return { stream, revision: next };
        seen.set(stream, revision);
      }
      return undefined;
    },
    check: async (event) => {
      const { stream, revision } = event;
      const previous = await before(event);
      remember(stream, revision);
      const next = (previous ?? supposed(revision)) + 1n;
      return revision === next ? undefined : `its stream should go on with revision ${next} here`;
    },
  };
};

/** What should stand before an event, where nothing of its stream does. */
const supposed = (revision: bigint): bigint => (revision === 0n ? -1n : revision - 2n);
