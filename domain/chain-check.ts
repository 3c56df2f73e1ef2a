/** What is wrong with a log, judged by its segments: pure, so that every case can be tried. */
import { contentHash, markOf, marksOf, type Segment, type Sha256, segmentHash, segmentText } from './chain.ts';
import type { LoggedEvent, Signatures } from './ports.ts';

/** An event as it stands in the log, with the hash of its content as it is now. */
export type Found = { readonly event: LoggedEvent; readonly hash: string };

/** An event found in the log. */
export const foundEvent = (event: LoggedEvent, sha256: Sha256): Found => ({ event, hash: contentHash(event, sha256) });

/** Is its content no longer what the hash in it says? */
export const isAltered = ({ event, hash }: Found): boolean =>
  event.metadata.hash !== undefined && event.metadata.hash !== hash;

/** How a log differs from its segments, at the first place where it does. */
export type Trouble = 'altered' | 'missing' | 'reordered' | 'inserted' | 'unreadable' | 'segment';

/** The first place where something is wrong. What of it is known: an event that is missing is named by its neighbour. */
export type Problem = {
  readonly trouble: Trouble;
  readonly text: string;
  readonly segment: number | null;
  readonly ordinal: number | null;
  readonly stream: string | null;
  readonly revision: string | null;
  readonly id: string | null;
};

/** How a log was found. Everything up to `good` is as it was sealed. */
export type Verdict = {
  readonly node: string;
  readonly segments: number;
  readonly good: number;
  /** How many of those are purged. */
  readonly purged: number;
  /** Events after the last segment, and the time of the first of them, milliseconds since 1970. */
  readonly unsealed: number;
  readonly unsealedSince: number | null;
  /** How many segments are those of the copy that was given. */
  readonly confirmed: number;
  /** The certificates that signed (DER, base64). */
  readonly signers: readonly string[];
  readonly problem: Problem | null;
};

/** A problem with what is known of its place. */
export const problemAt = (
  trouble: Trouble,
  text: string,
  event?: Pick<LoggedEvent, 'stream' | 'revision'> & { readonly id?: string },
  place?: { readonly segment: number; readonly ordinal: number },
): Problem => ({
  trouble,
  text,
  segment: place?.segment ?? null,
  ordinal: place?.ordinal ?? null,
  stream: event?.stream ?? null,
  revision: event === undefined ? null : String(event.revision),
  id: event?.id ?? null,
});

/** Why this is not the segment that follows `before`: a sentence, or undefined. */
export const whyNoSegment = (
  segment: Segment,
  before: Segment | undefined,
  node: string,
  sha256: Sha256,
  signatures: Pick<Signatures, 'signedBy'>,
): string | undefined => {
  const n = (before?.n ?? 0) + 1;
  if (segment.node !== node) return `segment ${n} is one of ${segment.node}`;
  if (segment.n !== n) return `segment ${n} is missing: segment ${segment.n} follows`;
  if (!signatures.signedBy(node, segmentText(segment), segment.signature, segment.certificate))
    return `segment ${n} is not as a key of ${node} signed it`;
  if (segment.previous !== (before === undefined ? '' : segmentHash(before, sha256)))
    return `segment ${n} does not follow segment ${n - 1}: one of the two was replaced`;
  if (segment.from !== (before?.to ?? 0) + 1 || marksOf(segment).length !== segment.to - segment.from + 1)
    return `segment ${n} does not begin where segment ${n - 1} ends`;
  return undefined;
};

/**
 * What is wrong where the event marked `expected[0]` should stand and `found[0]` does, if anything: judged by the
 * expected marks from there on, and by what the log holds from there on.
 */
export const diagnose = (
  expected: readonly string[],
  found: readonly Found[],
): { readonly trouble: Trouble; readonly text: string; readonly event: LoggedEvent | undefined } => {
  const [want = '', ...wanted] = expected;
  const [first, ...rest] = found;
  if (first === undefined) return { trouble: 'missing', text: 'the log ends before it', event: undefined };
  const { event } = first;
  if (isAltered(first)) return { trouble: 'altered', text: 'its content is not what it was', event };
  const later = rest.find((each) => markOf(each.hash) === want);
  const isWanted = wanted.includes(markOf(first.hash));
  if (later !== undefined && isWanted)
    return {
      trouble: 'reordered',
      text: `revision ${event.revision} of ${event.stream} (${event.id}) stands before it`,
      event: later.event,
    };
  if (later !== undefined) return { trouble: 'inserted', text: 'it did not stand here when the log was sealed', event };
  const goesOn = wanted[0] === undefined ? rest.length === 0 : markOf(rest[0]?.hash ?? '') === wanted[0];
  if (!isWanted && goesOn)
    return { trouble: 'altered', text: 'it is another event than the one that was sealed', event };
  const text = `in its place stands revision ${event.revision} of ${event.stream} (${event.id})`;
  return { trouble: 'missing', text, event: undefined };
};
