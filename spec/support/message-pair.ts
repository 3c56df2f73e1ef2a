/** Two ends of a message service for tests: what they say, and what is heard. */
import { type Either, left, right } from 'fp-ts/lib/Either.js';
import { type Failure, refusal } from '../../domain/failure.ts';
import type { LinkState, Messages, Parcel, ParcelAnswer, PeerHandlers } from '../../domain/message.ts';

/** Two ends that are not started: node `inner1` and node `dmz1`, with a `maxMessageSize` of 1 MiB. */
export type Pair = {
  readonly inner: Messages;
  readonly dmz: Messages;
  readonly cut: () => void;
  readonly mend: () => void;
  readonly dispose: () => Promise<void>;
};

const id = '0123456789abcdefghjkmnpqrs';
/** A parcel of a transfer, the n-th of its origin. */
export const parcelOf = (origin: string, n: number, payload?: Uint8Array): Parcel => ({
  transfer: id,
  event: {
    id: `00000000-0000-5000-8000-${String(n).padStart(12, '0')}`,
    type: 'acknowledged',
    data: {},
    meta: { origin, originSeq: n, at: 1_700_000_000_000, run: 0, attempt: 0, step: 'acknowledge' },
  },
  ...(payload === undefined ? {} : { payload }),
});
/** The shortest good answer. */
export const stored: ParcelAnswer = { result: 'stored', events: [] };
/** The key of a payload of dmz1. */
export const key = 'dmz1.abc';

/** Handlers that take everything, unless told otherwise. */
export const handlers = (own: Partial<PeerHandlers> = {}): PeerHandlers => ({
  events: (_from, parcels) => Promise.resolve(parcels.map(() => stored)),
  payload: () => Promise.resolve(left(refusal('notFound', 'There is no such payload.'))),
  segments: () => Promise.resolve(right({ have: 0, hash: '' })),
  ticket: () => Promise.resolve(left(refusal('notFound', 'There is no such payload.'))),
  channels: () => Promise.resolve(right({ wantsAll: false })),
  command: () => Promise.resolve(right(undefined)),
  stage: () => Promise.resolve(right(undefined)),
  partner: () => Promise.resolve(left(refusal('notFound', 'There is no such channel.'))),
  list: () => Promise.resolve(left(refusal('notFound', 'There is no such channel.'))),
  routes: () => Promise.resolve(right(undefined)),
  through: () => Promise.resolve(left(refusal('notFound', 'There is no such route.'))),
  ...own,
});

/** The value of an attempt that must not fail. */
export const must = <A>(result: Either<Failure, A>): A => {
  if (result._tag === 'Left') throw new Error(`${result.left.code}: ${result.left.text}`);
  return result.right;
};
/** The failure of an attempt that must fail. */
export const failureOf = (result: Either<Failure, unknown>): Failure => {
  if (result._tag === 'Right') throw new Error('it did not fail');
  return result.left;
};
/** Starts both ends with handlers that take everything, unless told otherwise, and waits until they are linked. */
export const startPair = async (
  pair: Pair,
  own: { readonly inner?: Partial<PeerHandlers>; readonly dmz?: Partial<PeerHandlers> } = {},
): Promise<void> => {
  must(await pair.dmz.start(handlers(own.dmz))());
  must(await pair.inner.start(handlers(own.inner))());
  await Promise.all([linked(pair.inner, true), linked(pair.dmz, true)]);
};
/** Resolves when the one link of an end is as wanted. */
export const linked = (messages: Messages, up: boolean): Promise<LinkState> =>
  new Promise((resolve) => {
    const stop = messages.onLink((state) => {
      if (state.up === up) done(state);
    });
    const done = (state: LinkState): void => {
      stop();
      resolve(state);
    };
    const now = messages.links()[0];
    if (now?.up === up) done(now);
  });

/** Bytes in chunks. */
export async function* chunksOf(bytes: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield await Promise.resolve(bytes.subarray(at, at + length));
}
/** All of them in one. */
export const collect = async (bytes: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks);
};
/** A gate that a test opens. */
export const gate = () => {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
};
