/** Dmz's side of replication: takes what inner signed, records it, and so knows it over its own restart, also while inner is away. */
import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js';
import { canonical } from '../domain/canonical.ts';
import { channelStream } from '../domain/channel.ts';
import type { ChannelDiff } from '../domain/channel-control.ts';
import { type Decision, type Refusal, refusal } from '../domain/failure.ts';
import type { Peer } from '../domain/message.ts';
import type { Ids, JsonObject, Log, Projection, ReadModels, Signatures } from '../domain/ports.ts';
import {
  type ChannelChanges,
  type ChannelsAnswer,
  type ChannelUpdate,
  changesBetween,
  digestText,
  type HeldChannels,
  judge,
  provenText,
  replicationStream,
  signedText,
} from '../domain/replication.ts';
import type { ChannelRow } from '../projections/channels.ts';
import type { Projector } from './projector.ts';
import { asRefusal } from './refusals.ts';
import type { Streams } from './streams.ts';
import type { Taken } from './taken-channels.ts';
import { turns } from './turns.ts';

/** What taking channels rests on. `end` ends the sessions of a channel. */
export type TakeNeeds = {
  readonly models: ReadModels;
  readonly projection: Projection<ChannelRow>;
  readonly projector: Projector;
  readonly streams: Streams;
  readonly ids: Ids;
  readonly signatures: Signatures;
  readonly certificateOf: (node: string) => Uint8Array | undefined;
  readonly log: Log;
  readonly node: string;
  readonly end: (channel: string) => void;
};

/** Takes channels. */
export type Taker = {
  take(from: Peer, update: ChannelUpdate | undefined): Promise<Decision<ChannelsAnswer>>;
  /** What is here, and what waits to be accepted. */
  diff(): Promise<Decision<ChannelDiff>>;
  /** Takes what waits, if it is this. */
  accept(epoch: string, counter: number, login: string): Promise<Decision<string>>;
  version(): HeldChannels | undefined;
};

/** An update with all of its parts. `target`: the hashes of all channels afterwards. */
type Whole = { readonly update: ChannelUpdate; readonly target: ReadonlyMap<string, string> };

const atOnce = 256;

/** Opens the taker on what was taken before. */
export const openTaker = (needs: TakeNeeds, { leftEpochs, ...before }: Taken): Taker => {
  const { signatures, streams, ids, log } = needs;
  const inTurn = turns(1);
  const stream = replicationStream(needs.node);
  let held = before.held;
  let known: ReadonlyMap<string, string> | undefined;
  let gathered: ChannelUpdate[] = [];
  let offered: Whole | undefined;

  const here = async (): Promise<Decision<ReadonlyMap<string, string>>> => {
    if (known !== undefined) return right(known);
    const rows = await needs.models.query(needs.projection, { limit: 1_000_000 })();
    if (isLeft(rows)) return left(asRefusal(rows.left));
    known = new Map(rows.right.map(({ channel }) => [channel.name, ids.derived(canonical(channel))]));
    return right(known);
  };

  const answer = (wantsAll: boolean): Decision<ChannelsAnswer> =>
    right({ ...(held === undefined ? {} : { held }), wantsAll });

  const refuse = (from: Peer, why: Refusal): Either<Refusal, never> => {
    log.alarm('refused channels', { from: from.node, why: why.text });
    gathered = [];
    return left(why);
  };

  const isSigned = (from: Peer, update: ChannelUpdate): boolean => {
    const certificate = needs.certificateOf(from.node);
    return (
      certificate !== undefined &&
      signatures.verify(signedText(update), update.signature, certificate) &&
      signatures.verify(provenText(update), update.proof, certificate)
    );
  };

  /** The update with this part; undefined where more are to come. */
  const gather = (update: ChannelUpdate): Decision<ChannelUpdate | undefined> => {
    const { epoch, counter, digest, base, part, parts } = update;
    if (part === 0) gathered = [];
    const of = (each: ChannelUpdate): string =>
      canonical([each.epoch, each.counter, each.digest, each.base, each.parts]);
    const others = canonical([epoch, counter, digest, base, parts]);
    if (part !== gathered.length || part >= parts || gathered.some((each) => of(each) !== others)) {
      gathered = [];
      return left(refusal('unavailable', 'a part of the channels is missing; send them again'));
    }
    gathered.push(update);
    if (gathered.length < parts) return right(undefined);
    const all = gathered.splice(0);
    const channels = all.flatMap((each) => each.channels);
    return right({ ...update, channels, removed: all.flatMap((each) => each.removed) });
  };

  const wholeOf = async (update: ChannelUpdate): Promise<Decision<Whole | undefined>> => {
    const present = update.base === null ? right(new Map<string, string>()) : await here();
    if (isLeft(present)) return present;
    const target = new Map(present.right);
    for (const name of update.removed) target.delete(name);
    for (const channel of update.channels) target.set(channel.name, ids.derived(canonical(channel)));
    return right(ids.derived(digestText(target)) === update.digest ? { update, target } : undefined);
  };

  const recordAll = async (names: readonly string[], fact: (name: string) => { type: string; data: JsonObject }) => {
    for (let i = 0; i < names.length; i += atOnce) {
      const some = names.slice(i, i + atOnce);
      const done = await Promise.all(some.map((name) => streams.recordLocal(channelStream(name), [fact(name)])));
      const failed = done.find(isLeft);
      if (failed !== undefined) return left(asRefusal(failed.left));
    }
    return right(undefined);
  };

  const store = async ({ update, target }: Whole): Promise<Decision<ChannelChanges>> => {
    const present = await here();
    if (isLeft(present)) return present;
    const changes = changesBetween(present.right, target);
    const { node, epoch, counter, digest, proof } = update;
    const byName = new Map(update.channels.map((channel) => [channel.name, channel]));
    // What is only partly recorded is not relied on: it is looked up again.
    known = undefined;
    const gone = await recordAll(changes.removed, () => ({ type: 'channelRemoved', data: { epoch, counter } }));
    await needs.projector.settled(streams.position());
    for (const name of changes.removed) needs.end(name);
    if (isLeft(gone)) return gone;
    const come = await recordAll([...changes.added, ...changes.changed], (name) => ({
      type: 'channelReplicated',
      data: { channel: byName.get(name), epoch, counter },
    }));
    await needs.projector.settled(streams.position());
    if (isLeft(come)) return come;
    const version = { node, epoch, counter, digest, proof };
    const done = await streams.recordLocal(stream, [{ type: 'channelsTaken', data: version }]);
    if (isLeft(done)) return left(asRefusal(done.left));
    [held, known, offered] = [version, target, undefined];
    log.info('channels replicated', { channels: target.size, counter, removed: changes.removed.length });
    return right(changes);
  };

  const take = async (from: Peer, update: ChannelUpdate): Promise<Decision<ChannelsAnswer>> => {
    if (update.node !== from.node || !isSigned(from, update))
      return refuse(from, refusal('notPermitted', `the channels are not signed with the key of ${from.node}`));
    const verdict = judge(held, leftEpochs, update);
    if (isLeft(verdict)) return refuse(from, verdict.left);
    if (verdict.right === 'known' || verdict.right === 'wantsAll') return answer(verdict.right === 'wantsAll');
    const all = gather(update);
    if (isLeft(all)) return all;
    if (all.right === undefined) return answer(false);
    const whole = await wholeOf(all.right);
    if (isLeft(whole)) return whole;
    if (whole.right === undefined && update.base !== null) return answer(true);
    if (whole.right === undefined) return refuse(from, refusal('invalid', 'the channels are not those of their hash'));
    if (verdict.right === 'offer') {
      offered = whole.right;
      const text = `a new epoch of the channels (${update.epoch}, here is ${held?.epoch ?? 'none'}): accept it on ${needs.node} with \`sallyport channels accept-epoch\``;
      return refuse(from, refusal('notPermitted', text));
    }
    const stored = await store(whole.right);
    return isLeft(stored) ? stored : answer(false);
  };

  return {
    take: (from, update) =>
      update === undefined ? Promise.resolve(answer(false)) : inTurn('take', () => take(from, update)),
    version: () => held,
    diff: () =>
      inTurn('take', async () => {
        const present = await here();
        if (isLeft(present)) return present;
        const has = held ?? null;
        if (offered === undefined)
          return right({
            ...nothing,
            peer: held?.node ?? '',
            has,
            text: has === null ? 'no channels yet' : 'nothing waits',
          });
        const changes = changesBetween(present.right, offered.target);
        const { update } = offered;
        return right({ ...nothing, peer: update.node, has, wants: update, ...changes, text: 'a new epoch waits' });
      }),
    accept: (epoch, counter, login) =>
      inTurn('take', async () => {
        const { update } = offered ?? {};
        if (offered === undefined || update === undefined)
          return left(refusal('notFound', 'there is no new epoch to be accepted'));
        if (update.epoch !== epoch || update.counter !== counter)
          return left(refusal('illegal', 'inner has sent others meanwhile; look at them first'));
        const old = held?.epoch ?? '';
        const data = { node: update.node, epoch, counter, before: old, by: login.slice(0, 128) };
        const recorded = await streams.recordLocal(stream, [{ type: 'epochAccepted', data }]);
        if (isLeft(recorded)) return left(asRefusal(recorded.left));
        const stored = await store(offered);
        if (isLeft(stored)) return stored;
        leftEpochs.add(old);
        log.info('a new epoch of the channels was accepted', { epoch, before: old, by: login });
        const { added, changed, removed } = stored.right;
        return right(
          `epoch ${epoch} is accepted: ${added.length} channels added, ${changed.length} changed, ${removed.length} removed`,
        );
      }),
  };
};

const nothing = { up: true, wants: null, added: [], changed: [], removed: [] } as const;
