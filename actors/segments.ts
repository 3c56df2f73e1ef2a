/** Reading the segments that a log keeps, its own and those of others: segment n of a node stands at revision n - 1. */
import { auditStream, marksOf, type Segment, segment, segmentSealed } from '../domain/chain.ts';
import type { EventLog, LoggedEvent } from '../domain/ports.ts';
import { orThrow } from './unwrap.ts';

/** What can be read of a log. */
export type Readable = Pick<EventLog, 'readAll' | 'readStream'>;

/** The segment that an event is; throws where it is none. */
export const decodeSegment = ({ type, data, stream, revision }: LoggedEvent): Segment => {
  const decoded = segment.safeParse(data);
  if (type !== segmentSealed || !decoded.success)
    throw new Error(`${stream} at revision ${revision} holds no segment of a log`);
  return decoded.data;
};

/** Segment n of a node; undefined where there is none of that number. */
export const segmentAt = async (log: Readable, node: string, n: number): Promise<Segment | undefined> => {
  const [event] = orThrow(await log.readStream(auditStream(node), { from: BigInt(n - 1), limit: 1 })());
  return event === undefined ? undefined : decodeSegment(event);
};

/** The last segment of a node: looked for by halves, since no log tells how long a stream is. */
export const lastSegment = async (log: Readable, node: string): Promise<Segment | undefined> => {
  let above = 1;
  while ((await segmentAt(log, node, above)) !== undefined) above *= 2;
  const n = await firstThat(Math.floor(above / 2) + 1, above, async (at) => !(await segmentAt(log, node, at)));
  return n === 1 ? undefined : segmentAt(log, node, n - 1);
};

/** The segment that seals what stands at a place of the log; undefined where nothing does yet. */
export const segmentOf = async (
  log: Readable,
  node: string,
  { position }: Pick<LoggedEvent, 'position'>,
): Promise<Segment | undefined> => {
  const last = await lastSegment(log, node);
  if (last === undefined || (await endOf(log, last)) < position) return undefined;
  const n = await firstThat(1, last.n, async (at) => {
    const found = await segmentAt(log, node, at);
    return found === undefined || (await endOf(log, found)) >= position;
  });
  return segmentAt(log, node, n);
};

/** Where a segment's last event stands in this log, which may be a copy of the one that it was sealed in. */
export const endOf = async (log: Readable, { last, position }: Segment): Promise<string> => {
  const from = BigInt(last.revision);
  const [event] = orThrow(await log.readStream(last.stream, { from, limit: 1 })());
  return event?.id === last.id ? event.position : position;
};

/** The ordinals of a segment's events by their marks; none for a mark that stands there twice. */
export const ordinalsIn = (segment: Segment): ((mark: string) => number | undefined) => {
  const found = new Map<string, number | undefined>();
  for (const [i, mark] of marksOf(segment).entries()) found.set(mark, found.has(mark) ? undefined : segment.from + i);
  return (mark) => found.get(mark);
};

/** The first whole number from `low` to `high` that is so, where all after it are, too; `high` where none before it is. */
const firstThat = async (low: number, high: number, isSo: (n: number) => Promise<boolean>): Promise<number> => {
  let [from, to] = [low, high];
  while (from < to) {
    const middle = Math.floor((from + to) / 2);
    if (await isSo(middle)) to = middle;
    else from = middle + 1;
  }
  return from;
};
