/** Channel replication: inner publishes what dmz may know, dmz records it and so knows it over its own restart. */
import { isLeft, left, right } from 'fp-ts/lib/Either.js';
import { type ChannelSnapshot, channelStream, type ReplicatedChannel } from '../domain/channel.ts';
import type { ChannelConfig } from '../domain/config.ts';
import { type Decision, refusal } from '../domain/failure.ts';
import type { Messages } from '../domain/message.ts';
import type { Clock, EventLog, Ids, JsonObject, Log, Projection, ReadModels, Verifiers } from '../domain/ports.ts';
import type { ChannelRow } from '../projections/channels.ts';
import type { Projector } from './projector.ts';
import { asRefusal } from './refusals.ts';
import type { Streams } from './streams.ts';
import { orThrow } from './unwrap.ts';

const publishedStream = (node: string): string => `channels-${node}`;
const retryAfter = 5_000;
const page = 1_000;

/** What publishing rests on. `passwords` are by channel name and go no further than the verifiers. */
export type PublishNeeds = {
  readonly eventLog: EventLog;
  readonly streams: Streams;
  readonly ids: Ids;
  readonly verifiers: Verifiers;
  readonly node: string;
  readonly channels: readonly ChannelConfig[];
  readonly passwords: ReadonlyMap<string, string>;
};

/** What dmz may know now. The counter grows by one whenever that has changed since the last start. */
export const snapshotOf = async (needs: PublishNeeds): Promise<ChannelSnapshot> => {
  const { ids, streams, node } = needs;
  const stream = publishedStream(node);
  const last = await lastPublished(needs.eventLog, stream);
  const epoch = last?.epoch ?? ids.fresh();
  const visible = needs.channels.filter((each) => !each.invisibleToDmz);
  const channels: ReplicatedChannel[] = [];
  for (const each of visible) {
    const { login } = each;
    // Without a login there is nobody for dmz to let in.
    if (login !== undefined) channels.push(await replicated(needs, { ...each, login }, epoch));
  }
  const digest = ids.derived(JSON.stringify(channels));
  const counter = last?.digest === digest ? last.counter : (last?.counter ?? 0) + 1;
  if (counter !== last?.counter)
    orThrow(await streams.recordLocal(stream, [{ type: 'channelsPublished', data: { epoch, counter, digest } }]));
  return { epoch, counter, channels };
};

type Published = { readonly epoch: string; readonly counter: number; readonly digest: string };

const lastPublished = async (log: EventLog, stream: string): Promise<Published | undefined> => {
  let last: Published | undefined;
  for (let from = 0n; ; from += BigInt(page)) {
    const events = orThrow(await log.readStream(stream, { from, limit: page })());
    last = (events.at(-1)?.data as Published | undefined) ?? last;
    if (events.length < page) return last;
  }
};

const replicated = async (
  needs: PublishNeeds,
  channel: ChannelConfig & { readonly login: string },
  epoch: string,
): Promise<ReplicatedChannel> => {
  const {
    name,
    login,
    publicKeys,
    clientCertificates,
    maxSize,
    maxSessions,
    temporaryNames,
    completeOn,
    markerSuffix,
  } = channel;
  const password = needs.passwords.get(name);
  const salt = needs.ids.derived('salt', epoch, name, login);
  const verifier = password === undefined ? channel.verifier : await needs.verifiers.make(password, salt);
  const rest = {
    name,
    login,
    publicKeys: publicKeys.map(withoutComment),
    clientCertificates,
    maxSize,
    maxSessions,
    temporaryNames,
    completeOn,
    markerSuffix,
  };
  return verifier === undefined ? rest : { ...rest, verifier };
};

const withoutComment = (line: string): string => line.trim().split(/\s+/).slice(0, 2).join(' ');

/** Sends the snapshot to every dmz whose link comes up, until it has it. Answers the means to stop. */
export const publishChannels = (
  messages: Messages,
  snapshot: ChannelSnapshot,
  clock: Clock,
  log: Log,
): (() => void) => {
  let stopped = false;
  const send = (node: string): void => {
    if (stopped || !messages.links().some((link) => link.node === node && link.up)) return;
    void messages
      .channels(node, snapshot)()
      .then((sent) => {
        if (!isLeft(sent)) return;
        if (sent.left.lasting === 'permanent') {
          log.alarm('dmz refuses the channels', { peer: node, why: sent.left.text });
        } else clock.after(retryAfter, () => send(node));
      });
  };
  for (const link of messages.links()) send(link.node);
  const unsubscribe = messages.onLink((link) => link.up && send(link.node));
  return () => {
    stopped = true;
    unsubscribe();
  };
};

/** What taking channels rests on. `end` ends the sessions of a channel. */
export type TakeNeeds = {
  readonly models: ReadModels;
  readonly projection: Projection<ChannelRow>;
  readonly projector: Projector;
  readonly streams: Streams;
  readonly log: Log;
  readonly end: (channel: string) => void;
};

/** Records what changed; a lower counter of the same epoch is refused. Sessions of removed channels end. */
export const takeChannels = async (needs: TakeNeeds, snapshot: ChannelSnapshot): Promise<Decision<void>> => {
  const { epoch, counter } = snapshot;
  const known = await needs.models.query(needs.projection, { limit: 1_000_000 })();
  if (isLeft(known)) return left(asRefusal(known.left));
  const newest = known.right.filter((row) => row.epoch === epoch).reduce((most, row) => Math.max(most, row.counter), 0);
  if (counter < newest) return left(refusal('illegal', `snapshot ${counter} is older than ${newest}`));
  const before = new Map(known.right.map((row) => [row.channel.name, row]));
  const named = new Set(snapshot.channels.map((channel) => channel.name));
  for (const channel of snapshot.channels) {
    const old = before.get(channel.name);
    if (old?.epoch === epoch && old.counter === counter) continue;
    const data = { channel, epoch, counter } as unknown as JsonObject;
    const done = await needs.streams.recordLocal(channelStream(channel.name), [{ type: 'channelReplicated', data }]);
    if (isLeft(done)) return left(asRefusal(done.left));
  }
  for (const name of before.keys()) {
    if (named.has(name)) continue;
    const fact = { type: 'channelRemoved', data: { epoch, counter } };
    const done = await needs.streams.recordLocal(channelStream(name), [fact]);
    if (isLeft(done)) return left(asRefusal(done.left));
    needs.end(name);
  }
  await needs.projector.settled(needs.streams.position());
  needs.log.info('channels replicated', { channels: snapshot.channels.length, counter });
  return right(undefined);
};
