/** Transmissions: what a person or a program gives inner to be sent, outside any profile. */
import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import type { ChannelConfig } from '../domain/channel-settings.ts';
import type { SendRequest, Transmission } from '../domain/control.ts';
import { type Attempt, type Decision, type Failure, type Refusal, refusal, temporary } from '../domain/failure.ts';
import type { Answer } from '../domain/intake.ts';
import { plainFileName, resolvePath } from '../domain/path.ts';
import { keyOf } from '../domain/payload.ts';
import type { Ids, PayloadStore } from '../domain/ports.ts';
import type { Fact, Who } from '../domain/transfer/vocabulary.ts';
import type { HeldKeys } from './held-keys.ts';
import { asRefusal } from './refusals.ts';
import { storeStream } from './store-whole.ts';
import type { Streams } from './streams.ts';

/** What transmissions rest on. */
export type TransmitNeeds = {
  /** Inner's channels as they are now; undefined on dmz. */
  readonly channels: () => readonly ChannelConfig[] | undefined;
  readonly payloads: PayloadStore;
  readonly streams: Streams;
  readonly held: HeldKeys;
  readonly ids: Ids;
  readonly node: string;
  /** The dmz that is to send. */
  readonly dmz: () => string;
};

/** The transfer that a transmission becomes: the bytes are taken in first, then it is recorded. Nothing is done where `id` is recorded already. */
export type RecordTransmission = (
  id: string,
  what: Transmission,
  bytes: Attempt<AsyncIterable<Uint8Array>>,
  by: Who,
  size: number,
) => Attempt<void>;

/** Why a transmission cannot be; undefined where it can. */
export const objection = (
  channels: readonly ChannelConfig[] | undefined,
  { channel, directory, name, viaDmz }: Transmission,
): Refusal | undefined => {
  if (channels === undefined) return refusal('illegal', 'only inner sends; ask it there');
  const found = channels.find((each) => each.name === channel);
  const others = channels.flatMap((each) => (each.partner === undefined ? [] : [each.name]));
  const those = `channels with a partner to send to: ${others.slice(0, 20).join(', ') || 'none'}`;
  if (found === undefined) return refusal('notFound', `there is no channel "${channel}"; ${those}`);
  if (found.partner === undefined)
    return refusal(
      'invalid',
      `channel ${channel} has no section "partner", so there is no server to send to; ${those}`,
    );
  if (viaDmz && found.invisibleToDmz)
    return refusal('invalid', `channel ${channel} is invisible to dmz: send directly from inner`);
  const badName = plainFileName(name);
  if (badName !== undefined) return refusal('badName', `"${name}" cannot be the name of the file: ${badName}`);
  const path = resolvePath('/', directory);
  if (!directory.startsWith('/') || isLeft(path))
    return refusal('badName', `"${directory}" cannot be the directory: write a path from the top, such as /in`);
  return undefined;
};

/** Makes the transfers of transmissions. */
export const recording =
  ({ payloads, streams, held, node, dmz }: TransmitNeeds): RecordTransmission =>
  (id, { channel, directory, name, viaDmz }, bytes, by, size) =>
  async () => {
    const key = keyOf(node, id);
    await held.hold(key);
    try {
      const known = await streams.load(id);
      if (isLeft(known) || known.right !== undefined) return isLeft(known) ? known : right(undefined);
      const opened = await bytes();
      if (isLeft(opened)) return opened;
      const stored = await storeStream(payloads, key, opened.right)();
      if (isLeft(stored)) return stored;
      if (stored.right.size !== size) {
        await payloads.remove(key)();
        return left(temporary('cutShort', `${stored.right.size} bytes came instead of ${size}`));
      }
      const target = { kind: 'partner', directory, name } as const;
      const beginning = { channel, payload: stored.right, target, by };
      return await created(streams, id, {
        type: 'created',
        data: viaDmz
          ? { scenario: 'responseSend', ...beginning, dmz: dmz() }
          : { scenario: 'innerSends', ...beginning },
      });
    } finally {
      held.release(key);
    }
  };

const created = async (streams: Streams, id: string, fact: Fact): Promise<Either<Failure, void>> => {
  const done = await streams.record(id, 'create', (existing) => right(existing === undefined ? [fact] : []));
  return isLeft(done) ? left(temporary('log', done.left.text)) : right(undefined);
};

/** Takes what a person gives; answers the id of the transfer. */
export const transmitting =
  (needs: TransmitNeeds) =>
  ({ size, login, ...what }: SendRequest, bytes: AsyncIterable<Uint8Array>): Answer<string> =>
  async (): Promise<Decision<string>> => {
    const why = objection(needs.channels(), what);
    if (why !== undefined) return left(why);
    const id = needs.ids.fresh();
    const done = await recording(needs)(id, what, TE.of(bytes), { login }, size)();
    if (!isLeft(done)) return right(id);
    return left(done.left.code === 'cutShort' ? refusal('invalid', done.left.text) : asRefusal(done.left));
  };
