import { isLeft, left, right } from 'fp-ts/lib/Either.js';
import { type Attempt, permanent, temporary } from '../../domain/failure.ts';
import { isSameFile, type PartnerFile, type PartnerSession } from '../../domain/partner.ts';
import { keyOf } from '../../domain/payload.ts';
import type { PayloadStore } from '../../domain/ports.ts';
import type { DiskGuard } from '../disk.ts';
import { type Enter, visiting } from '../enter.ts';
import type { Step } from '../step.ts';
import { storeStream } from '../store-whole.ts';

/** Gets a file from the partner's server, whole: its size and time are the same afterwards as they were before. */
export const get =
  (enter: Enter, payloads: PayloadStore, disk: Pick<DiskGuard, 'claim'>, node: string): Step =>
  ({ id, transfer: { source, channel } }, signal) =>
    source === undefined
      ? () => Promise.resolve(left(permanent('noSource', 'it is not to be got from anywhere')))
      : visiting(enter, channel, signal, ({ session, access: { protocol, login } }) => async () => {
          const { path, name } = source;
          const before = await present(session, path)();
          if (isLeft(before)) return before;
          const room = await disk.claim(before.right.size);
          if (isLeft(room)) return room;
          const stored = await copy(session, payloads, keyOf(node, id), before.right)().finally(room.right);
          if (isLeft(stored)) return stored;
          const { modified = source.modified } = before.right;
          const data = { channel, protocol, path, name, payload: stored.right, modified, by: { login } };
          return right([{ type: 'received', data }]);
        });

const present =
  (session: PartnerSession, path: string): Attempt<PartnerFile> =>
  async () => {
    const there = await session.look(path)();
    if (isLeft(there)) return there;
    return there.right === undefined
      ? left(permanent('notFound', `the partner has no file ${path} any more`))
      : right(there.right);
  };

const copy = (session: PartnerSession, payloads: PayloadStore, key: string, before: PartnerFile) => async () => {
  const bytes = await session.read(before.path, 0)();
  if (isLeft(bytes)) return bytes;
  const stored = await storeStream(payloads, key, bytes.right)();
  if (isLeft(stored)) return stored;
  const after = await present(session, before.path)();
  if (isLeft(after)) return after;
  if (isSameFile(before, after.right) && stored.right.size === before.size) return stored;
  return left(temporary('changing', `${before.path} changed at the partner while it was fetched`));
};
