import { isLeft, left, right } from 'fp-ts/lib/Either.js';
import { type Attempt, permanent } from '../../domain/failure.ts';
import { isSameFile, joinPath, type PartnerSession } from '../../domain/partner.ts';
import type { Log } from '../../domain/ports.ts';
import type { Transfer } from '../../domain/transfer/transfer.ts';
import type { Fact, Source } from '../../domain/transfer/vocabulary.ts';
import type { Enter } from '../enter.ts';
import type { Step } from '../step.ts';
import { besides } from './deliver.ts';

const done: readonly Fact[] = [{ type: 'acknowledged', data: {} }];

/** Deletes, moves or keeps the partner's copy, now that it is processed; only if it still is the one that was fetched. */
export const tidy =
  (enter: Enter, log: Log): Step =>
  ({ id, transfer }) =>
  async () => {
    const { source, channel } = transfer;
    if (source === undefined) return left(permanent('noSource', 'it is not from a partner'));
    if (source.after === 'keep') return right(done);
    const entered = await enter(channel)();
    if (isLeft(entered)) return entered;
    const { session } = entered.right;
    try {
      const there = await session.look(source.path)();
      if (isLeft(there)) return there;
      // Gone already: by an earlier try of ours, or by the partner itself.
      if (there.right === undefined) return right(done);
      if (!isSameFile(there.right, fetched(transfer, source))) {
        log.alarm('a file that was fetched has changed at the partner, and is kept there', {
          transfer: id,
          channel,
          path: source.path,
        });
        return right(done);
      }
      const removed = source.after === 'delete' ? session.remove(source.path) : move(session, source, id);
      const ended = await removed();
      return isLeft(ended) && ended.left.code !== 'notFound' ? ended : right(done);
    } finally {
      await session.close();
    }
  };

const fetched = ({ payload, modified }: Transfer, source: Source) => ({
  size: payload?.size ?? source.size,
  modified,
});

const move =
  (session: PartnerSession, { path, name, moveTo }: Source, id: string): Attempt<void> =>
  async () => {
    const directory = moveTo ?? '/';
    const moved = await session.rename(path, joinPath(directory, name))();
    if (!isLeft(moved) || moved.left.code !== 'exists') return moved;
    return session.rename(path, joinPath(directory, besides(name, id)))();
  };
