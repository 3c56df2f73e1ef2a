/** Dmz's side of the audit: tells inner its segments, so that who breaks into dmz cannot make them anew unseen. */
import { isLeft } from 'fp-ts/lib/Either.js';
import { auditStream, type Segment, segmentHash } from '../domain/chain.ts';
import { type Messages, mostSegments } from '../domain/message.ts';
import type { Clock, EventLog, Ids, Log } from '../domain/ports.ts';
import { decodeSegment, segmentAt } from './segments.ts';
import { orThrow } from './unwrap.ts';

/** What telling rests on. */
export type TellNeeds = {
  readonly eventLog: EventLog;
  readonly messages: Messages;
  readonly ids: Pick<Ids, 'sha256'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly node: string;
  /** The largest message, bytes. */
  readonly maxMessageSize: number;
};

/** Tells segments. */
export type Teller = {
  /** There is a new one. */
  sealed(): void;
  stop(): void;
};

const retryAfter = 5_000;

/** Tells every peer whose link is up what it does not have yet; asks first, so it goes on where it was. */
export const tellSegments = (needs: TellNeeds): Teller => {
  const { eventLog, messages, clock, log, node } = needs;
  const running = new Set<string>();
  const again = new Set<string>();
  let stopped = false;

  /** As many of those after number n as one message takes, and at least one. */
  const after = async (n: number): Promise<readonly Segment[]> => {
    const events = await eventLog.readStream(auditStream(node), { from: BigInt(n), limit: mostSegments })();
    const found: Segment[] = [];
    let size = 0;
    for (const segment of orThrow(events).map(decodeSegment)) {
      size += JSON.stringify(segment).length;
      if (found.length > 0 && size > needs.maxMessageSize / 4) break;
      found.push(segment);
    }
    return found;
  };

  /** Whether what inner has of us is what we have. */
  const agrees = async (peer: string, have: number, hash: string): Promise<boolean> => {
    const own = have === 0 ? undefined : await segmentAt(eventLog, node, have);
    const isSame = have === 0 || (own !== undefined && segmentHash(own, needs.ids.sha256) === hash);
    if (!isSame)
      log.alarm('the segments of this event log are not those that were told: was it restored, or altered?', {
        ...{ peer, segment: have },
      });
    return isSame;
  };

  const tellOnce = async (peer: string): Promise<void> => {
    let told: readonly Segment[] = [];
    for (let before = -1; !stopped; ) {
      const said = await messages.segments(peer, told)();
      if (isLeft(said)) {
        if (said.left.lasting === 'temporary') clock.after(retryAfter, () => tell(peer));
        else log.alarm('the segments of this event log were refused', { peer, why: said.left.text });
        return;
      }
      const { have, hash } = said.right;
      if (have <= before || !(await agrees(peer, have, hash))) return;
      told = await after(have);
      if (told.length === 0) return;
      before = have;
    }
  };

  const tell = (peer: string): void => {
    if (stopped || !messages.links().some((link) => link.node === peer && link.up)) return;
    if (running.has(peer)) {
      again.add(peer);
      return;
    }
    running.add(peer);
    tellOnce(peer)
      .catch((error: unknown) => {
        log.warn('the segments could not be told', {
          peer,
          why: error instanceof Error ? error.message : String(error),
        });
        clock.after(retryAfter, () => tell(peer));
      })
      .finally(() => {
        running.delete(peer);
        if (again.delete(peer)) tell(peer);
      });
  };

  const unsubscribe = messages.onLink((link) => link.up && tell(link.node));
  return {
    sealed: () => {
      for (const link of messages.links()) tell(link.node);
    },
    stop: () => {
      stopped = true;
      unsubscribe();
    },
  };
};
