/** Inner's side of the audit: keeps the segments of each dmz in its own log, the first that came under a number for good. */
import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js';
import { auditStream, type Segment, segmentHash, segmentSealed } from '../domain/chain.ts';
import { whyNoSegment } from '../domain/chain-check.ts';
import { type Decision, type Refusal, refusal } from '../domain/failure.ts';
import type { Peer, SegmentsAnswer } from '../domain/message.ts';
import type { EventLog, Ids, Log, Signatures } from '../domain/ports.ts';
import { asRefusal } from './refusals.ts';
import { lastSegment, segmentAt } from './segments.ts';
import type { Streams } from './streams.ts';
import { turns } from './turns.ts';

/** What taking segments rests on. */
export type TakeSegmentsNeeds = {
  readonly eventLog: EventLog;
  readonly streams: Pick<Streams, 'recordAt'>;
  readonly ids: Pick<Ids, 'sha256'>;
  readonly signatures: Signatures;
  readonly log: Log;
};

/** Takes what a dmz says that it sealed; answers the last that is here. Refuses, with an alarm, what does not follow, is not signed by it, or differs from what it had told. */
export const takingSegments = (needs: TakeSegmentsNeeds) => {
  const { eventLog, log } = needs;
  const { sha256 } = needs.ids;
  const inTurn = turns(1);
  const known = new Map<string, Segment | undefined>();

  const refuse = ({ node }: Peer, text: string): Either<Refusal, never> => {
    log.alarm('refused a segment of the event log of a dmz', { from: node, why: text });
    return left(refusal('illegal', text));
  };

  const last = async (node: string): Promise<Segment | undefined> => {
    if (!known.has(node)) known.set(node, await lastSegment(eventLog, node));
    return known.get(node);
  };

  const takeOne = async (from: Peer, segment: Segment): Promise<Decision<void>> => {
    const before = await last(from.node);
    if (segment.n <= (before?.n ?? 0)) {
      const here = await segmentAt(eventLog, from.node, segment.n);
      const isSame = here !== undefined && segmentHash(here, sha256) === segmentHash(segment, sha256);
      return isSame ? right(undefined) : refuse(from, `another segment ${segment.n} of ${from.node} came before`);
    }
    const why = whyNoSegment(segment, before, from.node, sha256, needs.signatures);
    if (why !== undefined) return refuse(from, why);
    const fact = { type: segmentSealed, data: segment };
    const done = await needs.streams.recordAt(auditStream(from.node), BigInt(segment.n - 1), fact);
    known.delete(from.node);
    if (isLeft(done)) return left(asRefusal(done.left));
    known.set(from.node, segment);
    return right(undefined);
  };

  return (from: Peer, segments: readonly Segment[]): Promise<Decision<SegmentsAnswer>> =>
    inTurn(from.node, async () => {
      for (const segment of segments) {
        const taken = await takeOne(from, segment);
        if (isLeft(taken)) return taken;
      }
      const now = await last(from.node);
      return right({ have: now?.n ?? 0, hash: now === undefined ? '' : segmentHash(now, sha256) });
    });
};
