/**
 * The hash chain over a server's event log: what is hashed of an event, and the signed segments that seal events in
 * their order. Ordinals count the chained events from 1; the server's own segments are not among them.
 */
import { z } from 'zod';
import { canonical } from './canonical.ts';
import type { LoggedEvent, NewEvent } from './ports.ts';

/** SHA-256 of a text, hexadecimal. */
export type Sha256 = (text: string) => string;

/** What is hashed of an event: all that it says, in one form, but neither its place nor the hash that it bears. */
export const contentText = (stream: string, { id, type, data, metadata }: NewEvent): string =>
  canonical({ stream, id, type, data, metadata: { ...metadata, hash: undefined } });

/** The event with the hash of its content, as every event is recorded. */
export const hashed = (stream: string, event: NewEvent, sha256: Sha256): NewEvent => ({
  ...event,
  metadata: { ...event.metadata, hash: sha256(contentText(stream, event)) },
});

/** The hash that an event bears; those of older programs bear none. */
export const statedHash = ({ metadata: { hash } }: Pick<NewEvent, 'metadata'>): string | undefined =>
  typeof hash === 'string' && /^[0-9a-f]{64}$/.test(hash) ? hash : undefined;

/** The hash of an event's content as it is now. */
export const contentHash = (event: LoggedEvent, sha256: Sha256): string => sha256(contentText(event.stream, event));

/** Where a node's segments stand, on itself and on whoever keeps a copy: segment n at revision n - 1. */
export const auditStream = (node: string): string => `audit-${node}`;

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const ordinal = z.number().int().positive();
const revision = z.string().regex(/^\d{1,19}$/);
const id = z.string().max(64);
const streamName = z.string().min(1).max(512);
const certificate = z.base64().max(16_384);
const signature = z.string().max(2_048);

/** The most events of a segment, and how many characters of an event's hash a segment keeps to find its place. */
export const mostSealed = 10_000;
const markLength = 12;

/** What a segment says. `marks`: the beginning of each event's hash, one after the other; they name the place where something is wrong. */
export const segment = z.strictObject({
  node: z.string().max(63),
  n: ordinal,
  from: ordinal,
  to: ordinal,
  /** The last event, and where the log had it; a copied log has it elsewhere. */
  last: z.strictObject({ stream: streamName, revision, id }),
  position: z.string().max(200),
  /** Hash of the segment before; empty for the first. */
  previous: z.union([hash, z.literal('')]),
  /** Over `previous` and every event. */
  root: hash,
  marks: z
    .string()
    .max(markLength * mostSealed)
    .regex(/^[0-9a-f]*$/),
  /** Wall clock, milliseconds since 1970. */
  at: z.number().int(),
  /** The signer's certificate (DER, base64), and its signature over `segmentText`. */
  certificate,
  signature,
});
export type Segment = z.infer<typeof segment>;

/** The event type under which segments are recorded. */
export const segmentSealed = 'segmentSealed';

/** What is signed of a segment: all of it. */
export const segmentText = (content: Omit<Segment, 'signature'>): string =>
  `sallyport log segment\n${canonical({ ...content, signature: undefined })}`;

/** What the next segment, and whoever refers to this one, names it by. */
export const segmentHash = (content: Segment, sha256: Sha256): string => sha256(segmentText(content));

/** The mark of a hash. */
export const markOf = (contentHashed: string): string => contentHashed.slice(0, markLength);

/** A segment's marks, in the order of its events. */
export const marksOf = ({ marks }: Pick<Segment, 'marks'>): readonly string[] =>
  Array.from({ length: Math.floor(marks.length / markLength) }, (_, i) =>
    marks.slice(i * markLength, (i + 1) * markLength),
  );

/** What the chain holds of an event. */
export type Leaf = { readonly stream: string; readonly id: string; readonly hash: string };

/** The root after one more event. */
export const nextRoot = (root: string, at: number, leaf: Leaf, sha256: Sha256): string =>
  sha256(canonical([root, at, leaf.stream, leaf.id, leaf.hash]));

/** A segment that is still open: the events since the last one. */
export type OpenSegment = {
  readonly n: number;
  readonly from: number;
  readonly count: number;
  readonly previous: string;
  readonly root: string;
  readonly marks: string;
};

/** Opens the segment after `before`, or the first. */
export const openAfter = (before: Segment | undefined, sha256: Sha256): OpenSegment => {
  const previous = before === undefined ? '' : segmentHash(before, sha256);
  return { n: (before?.n ?? 0) + 1, from: (before?.to ?? 0) + 1, count: 0, previous, root: previous, marks: '' };
};

/** The open segment with one more event. */
export const extended = (open: OpenSegment, leaf: Leaf, sha256: Sha256): OpenSegment => ({
  ...open,
  count: open.count + 1,
  root: nextRoot(open.root, open.from + open.count, leaf, sha256),
  marks: open.marks + markOf(leaf.hash),
});

/** What is still to be signed of a segment that ends with the event `last`. */
export const closed = (
  { n, from, count, previous, root, marks }: OpenSegment,
  last: LoggedEvent,
  own: Pick<Segment, 'node' | 'at' | 'certificate'>,
): Omit<Segment, 'signature'> => ({
  ...own,
  ...{ n, from, to: from + count - 1, previous, root, marks, position: last.position },
  last: { stream: last.stream, revision: String(last.revision), id: last.id },
});

/** Where purges are recorded, chained like everything else. */
export const purgedStream = (node: string): string => `purged-${node}`;

/** The event type under which they are. */
export const eventsPurged = 'eventsPurged';

/** The most events that one record of a purge holds. */
export const mostPurged = 2_000;

/** What is left of events of one stream and one segment once they are purged: what the chain held of them. Signed over `purgeText`. */
export const purge = z.strictObject({
  node: z.string().max(63),
  stream: streamName,
  segment: ordinal,
  events: z.array(z.strictObject({ ordinal, revision, id, hash })).min(1).max(mostPurged),
  certificate,
  signature,
});
export type Purge = z.infer<typeof purge>;

/** What is signed of a purge: all of it. */
export const purgeText = (content: Omit<Purge, 'signature'>): string =>
  `sallyport events purged\n${canonical({ ...content, signature: undefined })}`;

/** What is recorded of the chain, by event type. */
export const chainVocabulary = { [segmentSealed]: segment, [eventsPurged]: purge };
