import { isLeft, left, right } from 'fp-ts/lib/Either.js';
import { channelStream } from '../../domain/channel.ts';
import { type Attempt, permanent, temporary } from '../../domain/failure.ts';
import { joinPath } from '../../domain/partner.ts';
import { parentOf } from '../../domain/path.ts';
import { keyOf } from '../../domain/payload.ts';
import type { Clock, PayloadStore, ReadModels } from '../../domain/ports.ts';
import { type HomeRow, homeProjection } from '../../projections/home.ts';
import { isCurrent, stale } from '../current.ts';
import type { Projector } from '../projector.ts';
import type { Step } from '../step.ts';
import type { Streams } from '../streams.ts';

/** What providing rests on. `reading` are the transfers that partners are reading now. */
export type ProvideNeeds = {
  readonly payloads: PayloadStore;
  readonly models: ReadModels;
  readonly projector: Projector;
  readonly streams: Streams;
  readonly clock: Clock;
  readonly node: string;
  readonly reading: ReadonlyMap<string, number>;
};

/** Shows the staged file in the partner's home. What is being read under that name is never replaced: the newer file waits. */
export const provide =
  (needs: ProvideNeeds): Step =>
  ({ id, transfer: { target, channel, payload } }) =>
  async () => {
    if (target?.kind !== 'home' || payload === undefined)
      return left(permanent('noTarget', 'it is not meant for a home'));
    const key = keyOf(needs.node, id);
    const staged = await needs.payloads.stat(key)();
    if (isLeft(staged)) return staged;
    const path = joinPath(target.directory, target.name);
    const replaced = await replace(needs, channel, path)();
    if (isLeft(replaced)) return replaced;
    const made = await makeDirectories(needs, channel, parentOf(path))();
    if (isLeft(made)) return made;
    const { keepFor, afterPickUp } = target;
    const until = needs.clock.now() + keepFor;
    return right([{ type: 'provided', data: { channel, path, payload: { ...payload, key }, until, afterPickUp } }]);
  };

const rowsAt =
  (needs: ProvideNeeds, channel: string, path: string): Attempt<readonly HomeRow[]> =>
  async () => {
    if (!(await isCurrent(needs))) return left(stale);
    return needs.models.query(homeProjection, { where: { channel, path }, limit: 1_000 })();
  };

/** The older files that we provided under that name have had their time. */
const replace =
  (needs: ProvideNeeds, channel: string, path: string): Attempt<void> =>
  async () => {
    const rows = await rowsAt(needs, channel, path)();
    if (isLeft(rows)) return rows;
    const older = rows.right.filter((row) => row.afterPickUp !== null);
    if (older.some((row) => needs.reading.has(row.id ?? '')))
      return left(temporary('noSlot', `${path} is being read; the newer file waits`));
    for (const row of older) {
      const ended = await needs.streams.record(row.id ?? '', 'provide', (folded) =>
        right(folded?.state === 'provided' ? [{ type: 'expired', data: {} }] : []),
      );
      if (isLeft(ended)) return left(temporary('log', ended.left.text));
    }
    return right(undefined);
  };

const makeDirectories =
  (needs: ProvideNeeds, channel: string, path: string): Attempt<void> =>
  async () => {
    if (path === '/') return right(undefined);
    const above = await makeDirectories(needs, channel, parentOf(path))();
    if (isLeft(above)) return above;
    const rows = await rowsAt(needs, channel, path)();
    if (isLeft(rows) || rows.right.some((row) => row.kind === 'directory'))
      return isLeft(rows) ? rows : right(undefined);
    return needs.streams.recordLocal(channelStream(channel), [{ type: 'directoryMade', data: { path } }]);
  };
