import { isLeft, left, right } from 'fp-ts/lib/Either.js';
import { type Attempt, permanent } from '../../domain/failure.ts';
import { isSameFile, joinPath, type PartnerSession } from '../../domain/partner.ts';
import type { Log } from '../../domain/ports.ts';
import type { Transfer } from '../../domain/transfer/transfer.ts';
import type { Fact, Source } from '../../domain/transfer/vocabulary.ts';
import { type Enter, visiting } from '../enter.ts';
import type { Step } from '../step.ts';
import { besides } from './deliver.ts';

const done: readonly Fact[] = [{ type: 'acknowledged', data: {} }];

/** Deletes, moves or keeps the partner's copy, now that it is processed; only if it still is the one that was fetched. */
export const tidy =
  (enter: Enter, log: Log): Step =>
  ({ id, transfer }, signal) => {
    const { source, channel } = transfer;
    if (source === undefined) return () => Promise.resolve(left(permanent('noSource', 'it is not from a partner')));
    if (source.after === 'keep') return () => Promise.resolve(right(done));
    const { path } = source;
    return visiting(enter, channel, signal, ({ session }) => async () => {
      const there = await session.look(path)();
      if (isLeft(there)) return there;
      // Gone already: by an earlier try of ours, or by the partner itself.
      if (there.right === undefined) return right(done);
      if (!isSameFile(there.right, fetched(transfer, source))) {
        log.alarm('a file that was fetched has changed at the partner, and is kept there', {
          transfer: id,
          channel,
          path,
        });
        return right(done);
      }
      const ended = await (source.after === 'delete' ? session.remove(path) : move(session, source, id))();
      if (!isLeft(ended)) return right(done);
      return ended.left.code === 'notFound' ? unlessThere(session, source)() : ended;
    });
  };

/** What is not found may be the file, which is well, or the directory that it is to be moved to. */
const unlessThere =
  (session: PartnerSession, { path, moveTo }: Source): Attempt<readonly Fact[]> =>
  async () => {
    const there = await session.look(path)();
    if (isLeft(there)) return there;
    return there.right === undefined
      ? right(done)
      : left(permanent('notFound', `the partner has no directory ${moveTo ?? '/'} to move ${path} to`));
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
