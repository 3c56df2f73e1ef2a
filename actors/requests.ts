/** Requests that partners name by keys of their own: each makes one transfer, however often it is asked. */
import { isLeft, left, right } from 'fp-ts/lib/Either.js';
import { completesOnClose, type ReplicatedChannel } from '../domain/channel.ts';
import { type Decision, refusal } from '../domain/failure.ts';
import { baseName } from '../domain/path.ts';
import { keyOf } from '../domain/payload.ts';
import type { Arriving, Receiving } from './receive.ts';
import { asRefusal } from './refusals.ts';
import { retired } from './streams.ts';

/** A request that runs; `release` says that it is over. */
export type Claim = { readonly request: Arriving['request']; readonly release: () => void };

/** The requests that run now. */
export type Requests = {
  /** The transfer that a key stands for; none without a key, or where the name makes no transfer. Refuses a key that is in use now. */
  claim(channel: ReplicatedChannel, path: string, key: string | undefined): Promise<Decision<Claim>>;
};

const unnamed: Claim = { request: undefined, release: () => undefined };
const longAgo = refusal(
  'notPermitted',
  'a request with this key was taken long ago; give another one a key of its own',
);
const running = refusal('busy', 'a request with this key is still running; ask again when it has ended');

/** Keeps track of the keys in use. A key is remembered by the id of its transfer, so for as long as that is. */
export const onceEach = (needs: Pick<Receiving, 'ids' | 'node' | 'payloads' | 'streams'>): Requests => {
  const claimed = new Set<string>();
  return {
    claim: async (channel, path, key) => {
      if (key === undefined || !completesOnClose(channel, baseName(path))) return right(unnamed);
      const id = needs.ids.derived('request', channel.name, key);
      if (claimed.has(id)) return left(running);
      claimed.add(id);
      const release = (): void => void claimed.delete(id);
      const there = await needs.streams.load(id);
      if (isLeft(there)) {
        release();
        return left(there.left.code === retired.code ? longAgo : asRefusal(there.left));
      }
      const again = there.right !== undefined;
      // What a try has left that came as far as the disk and no farther.
      if (!again) await needs.payloads.remove(keyOf(needs.node, id))();
      return right({ request: { id, again }, release });
    },
  };
};
