/** Compares a log with its segments, event by event, and names the first place where something is wrong. */

import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js';
import {
  auditStream,
  markOf,
  marksOf,
  nextRoot,
  type Segment,
  type Sha256,
  segmentHash,
  statedHash,
} from '../domain/chain.ts';
import {
  diagnose,
  foundEvent,
  isAltered,
  type Problem,
  problemAt,
  type Verdict,
  whyNoSegment,
} from '../domain/chain-check.ts';
import { type Signatures, UnreadableEvent } from '../domain/ports.ts';
import { chainedEvents } from './chained.ts';
import { openPurges } from './purges.ts';
import { openRevisions } from './revisions.ts';
import { decodeSegment, type Readable, segmentAt } from './segments.ts';
import { orThrow } from './unwrap.ts';

/** What verifying rests on. */
export type VerifyNeeds = {
  readonly log: Readable;
  readonly node: string;
  readonly sha256: Sha256;
  readonly signatures: Pick<Signatures, 'signedBy'>;
  /** A copy of the segments, from the first on, as the other server has it. */
  readonly copy?: AsyncIterable<Segment>;
  /** Called now and then with how many events were looked at. */
  readonly progress?: (events: number) => void;
};

type Counts = { -readonly [K in keyof Verdict]: Verdict[K] };
const lookedEvery = 10_000;

/** Verifies a whole log. Takes a bounded amount of memory, but for a number for each purge. */
export const verifyLog = async (needs: VerifyNeeds): Promise<Verdict> => {
  const { node } = needs;
  const none = { segments: 0, good: 0, purged: 0, unsealed: 0, unsealedSince: null, confirmed: 0 };
  const counts: Counts = { node, ...none, signers: [], problem: null };
  try {
    counts.problem = (await verifying(needs, counts)) ?? null;
  } catch (error) {
    counts.problem = unreadable(error);
  }
  return counts;
};

/** The first problem, if there is one; counts on the way. */
const verifying = async (needs: VerifyNeeds, counts: Counts): Promise<Problem | undefined> => {
  const { log, node, sha256 } = needs;
  const purges = await openPurges(log, node, needs.signatures);
  const revisions = openRevisions(log, purges);
  const events = chainedEvents(log, node, sha256);
  const copy = needs.copy?.[Symbol.asyncIterator]();
  const count = (what: 'good' | 'unsealed'): void => {
    counts[what] += 1;
    const all = counts.good + counts.unsealed;
    if (all % lookedEvery === 0) needs.progress?.(all);
  };

  const ofEvents = async (segment: Segment): Promise<Problem | undefined> => {
    const gone = await purges.of(segment.n);
    const marks = marksOf(segment);
    let root = segment.previous;
    for (const [i, mark] of marks.entries()) {
      const place = { segment: segment.n, ordinal: segment.from + i };
      const looked = await tried(events.look(1));
      if (isLeft(looked)) return { ...unreadable(looked.left), ...place };
      const [found] = looked.right;
      const leaf = gone.get(place.ordinal);
      if (found !== undefined && markOf(found.hash) === mark && !isAltered(found)) {
        const why = await revisions.check(found.event);
        if (why !== undefined) return problemAt('reordered', why, found.event, place);
        root = nextRoot(root, place.ordinal, { ...found.event, hash: found.hash }, sha256);
        events.take();
      } else if (leaf !== undefined && markOf(leaf.hash) === mark) {
        revisions.purged(leaf.stream, leaf.revision);
        root = nextRoot(root, place.ordinal, leaf, sha256);
        counts.purged += 1;
      } else {
        const expected = [...marks.slice(i), ...(await marksAfter(log, node, segment.n))];
        const ahead = await events.look(expected.length + 1);
        const { trouble, text, event } = diagnose(expected, ahead);
        const named = trouble === 'missing' ? await revisions.firstGap(ahead) : event;
        return problemAt(trouble, text, named, place);
      }
      count('good');
    }
    return root === segment.root ? undefined : segmentProblem(segment.n, 'its events are not those that it seals');
  };

  let before: Segment | undefined;
  for (let n = 1; ; n += 1) {
    const [event] = orThrow(await log.readStream(auditStream(node), { from: BigInt(n - 1), limit: 1 })());
    const told = copy && (await copy.next());
    const there = told?.done === true ? undefined : told?.value;
    if (event === undefined && there !== undefined) return segmentProblem(n, 'it is missing here; the copy has it');
    if (event === undefined) break;
    const segment = decodeSegment(event);
    const why =
      statedHash(event) === undefined || isAltered(foundEvent(event, sha256))
        ? 'its record is not what it was'
        : whyNoSegment(segment, before, node, sha256, needs.signatures);
    if (why !== undefined) return segmentProblem(n, why);
    if (there !== undefined && segmentHash(there, sha256) !== segmentHash(segment, sha256))
      return segmentProblem(n, 'it is another one than in the copy');
    const problem = await ofEvents(segment);
    if (problem !== undefined) return problem;
    if (!counts.signers.includes(segment.certificate)) counts.signers = [...counts.signers, segment.certificate];
    counts.segments = n;
    counts.confirmed += there === undefined ? 0 : 1;
    before = segment;
  }
  for (;;) {
    const [found] = await events.look(1);
    if (found === undefined) return undefined;
    const { event } = found;
    if (isAltered(found)) return problemAt('altered', 'its content is not what it was', event);
    const why = await revisions.check(event);
    if (why !== undefined) return problemAt('reordered', why, event);
    const { at } = event.metadata;
    counts.unsealedSince ??= typeof at === 'number' ? at : null;
    events.take();
    count('unsealed');
  }
};

const segmentProblem = (n: number, text: string): Problem => ({ ...problemAt('segment', text), segment: n });

/** The marks of the segment after this one: what was sealed next. */
const marksAfter = async (log: Readable, node: string, n: number): Promise<readonly string[]> => {
  const next = await segmentAt(log, node, n + 1).catch(() => undefined);
  return next === undefined ? [] : marksOf(next);
};

const tried = <A>(work: Promise<A>): Promise<Either<unknown, A>> => work.then(right, left);

const unreadable = (error: unknown): Problem =>
  problemAt(
    'unreadable',
    error instanceof Error ? error.message : String(error),
    error instanceof UnreadableEvent ? error.place : undefined,
  );
