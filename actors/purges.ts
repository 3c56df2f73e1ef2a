/** What is left of purged events, by the segment that sealed them. */
import { eventsPurged, type Purge, purge, purgedStream, purgeText } from '../domain/chain.ts';
import type { LoggedEvent, Signatures } from '../domain/ports.ts';
import type { Readable } from './segments.ts';
import { orThrow } from './unwrap.ts';

/** An event that is purged, as the chain holds it. */
export type PurgedEvent = {
  readonly stream: string;
  readonly revision: bigint;
  readonly id: string;
  readonly hash: string;
};

/** The purges of a log. */
export type Purges = {
  /** Those of a segment, by ordinal. Throws where a record is not as it was signed. */
  of(segment: number): Promise<ReadonlyMap<number, PurgedEvent>>;
  /** Was this event of a stream purged? Asked rarely: it looks through all of them. */
  has(stream: string, revision: bigint): Promise<boolean>;
};

const page = 100;

/** Looks through the purges once, and remembers of each only where it stands. */
export const openPurges = async (
  log: Readable,
  node: string,
  signatures: Pick<Signatures, 'signedBy'>,
): Promise<Purges> => {
  const places = new Map<number, bigint[]>();
  for await (const [event, { segment }] of purgesIn(log, node, signatures))
    places.set(segment, [...(places.get(segment) ?? []), event.revision]);
  return {
    of: async (segment) => {
      const found = new Map<number, PurgedEvent>();
      for (const from of places.get(segment) ?? []) {
        const [event] = orThrow(await log.readStream(purgedStream(node), { from, limit: 1 })());
        if (event === undefined) continue;
        const { stream, events } = decodePurge(event, node, signatures);
        for (const { ordinal, id, hash, revision } of events)
          found.set(ordinal, { stream, id, hash, revision: BigInt(revision) });
      }
      return found;
    },
    has: async (stream, revision) => {
      for await (const [, found] of purgesIn(log, node, signatures))
        if (found.stream === stream && found.events.some((each) => BigInt(each.revision) === revision)) return true;
      return false;
    },
  };
};

async function* purgesIn(
  log: Readable,
  node: string,
  signatures: Pick<Signatures, 'signedBy'>,
): AsyncGenerator<readonly [LoggedEvent, Purge]> {
  for (let from = 0n; ; ) {
    const events = orThrow(await log.readStream(purgedStream(node), { from, limit: page })());
    for (const event of events) yield [event, decodePurge(event, node, signatures)];
    const last = events.at(-1);
    if (last === undefined) return;
    from = last.revision + 1n;
  }
}

const decodePurge = (
  { type, data, stream, revision }: LoggedEvent,
  node: string,
  signatures: Pick<Signatures, 'signedBy'>,
): Purge => {
  const decoded = purge.safeParse(data);
  const bad = (why: string): Error => new Error(`the record of a purge, revision ${revision} of ${stream}, ${why}`);
  if (type !== eventsPurged || !decoded.success) throw bad('cannot be read');
  const { certificate, signature } = decoded.data;
  if (!signatures.signedBy(node, purgeText(decoded.data), signature, certificate))
    throw bad(`is not as a key of ${node} signed it`);
  return decoded.data;
};
