/** Inner's book of what it has published of its channels: which version each was changed in, over restarts. */

import { canonical } from '../domain/canonical.ts';
import type { ReplicatedChannel } from '../domain/channel.ts';
import type { EventLog, Ids, JsonObject, Signatures } from '../domain/ports.ts';
import {
  type ChannelUpdate,
  digestText,
  type HeldChannels,
  provenText,
  replicationStream,
  replicationVocabulary,
  signedText,
} from '../domain/replication.ts';
import type { LocalFact, Streams } from './streams.ts';
import { orThrow } from './unwrap.ts';
import { wholeStream } from './whole-stream.ts';

/** What the book rests on. */
export type BookNeeds = {
  readonly eventLog: EventLog;
  readonly streams: Streams;
  readonly ids: Ids;
  readonly signatures: Signatures;
  readonly node: string;
};

type Entry = { readonly digest: string; readonly since: number };

/** A version of the channels with all that is needed to bring it to a dmz. */
export type Published = {
  readonly version: HeldChannels;
  readonly channels: ReadonlyMap<string, ReplicatedChannel>;
  readonly entries: ReadonlyMap<string, Entry>;
  /** Channels that were removed, and the counter of that. */
  readonly removed: ReadonlyMap<string, number>;
};

/** The book. */
export type ChannelBook = {
  /** Makes verifiers of one password differ between installations. */
  readonly salt: string;
  /** Records what changed; the counter grows by one where anything did. */
  publish(channels: readonly ReplicatedChannel[]): Promise<Published>;
  /** Begins a new epoch with the channels that were published last. */
  beginEpoch(): Promise<Published>;
};

const page = 1_000;
/** At most some 170 bytes for each channel of a slice. */
const slicesAtOnce = 5;

/** Opens the book. */
export const openBook = async (needs: BookNeeds): Promise<ChannelBook> => {
  const { ids, node } = needs;
  const stream = replicationStream(node);
  let { epoch, counter, entries, removed } = await recall(needs.eventLog, stream);
  let channels = new Map<string, ReplicatedChannel>();
  const salt = (await saltIn(needs.eventLog, stream)) ?? ids.fresh();

  const published = (): Published => {
    const digests = new Map([...entries].map(([name, { digest }]) => [name, digest]));
    const version = { node, epoch, counter, digest: ids.derived(digestText(digests)) };
    return { version: { ...version, proof: needs.signatures.sign(provenText(version)) }, channels, entries, removed };
  };
  const record = async (changed: readonly { name: string; digest: string }[], gone: readonly string[]) => {
    const changes = [
      ...slices(changed).map((each) => ({ changed: each, removed: [] })),
      ...slices(gone).map((each) => ({ changed: [], removed: each })),
    ];
    const facts: LocalFact[] = [
      ...changes.map((each, i) => ({ type: 'channelsChanged', data: i === 0 ? { ...each, first: true } : each })),
      { type: 'channelsPublished', data: { epoch, counter, salt } satisfies JsonObject },
    ];
    // All of a great many channels is more than a log takes at once.
    for (let at = 0; at < facts.length; at += slicesAtOnce)
      orThrow(await needs.streams.recordLocal(stream, facts.slice(at, at + slicesAtOnce)));
    for (const { name, digest } of changed) entries.set(name, { digest, since: counter });
    for (const { name } of changed) removed.delete(name);
    for (const name of gone) entries.delete(name);
    for (const name of gone) removed.set(name, counter);
  };

  return {
    salt,
    publish: async (next) => {
      channels = new Map(next.map((each) => [each.name, each]));
      const digests = next.map((each) => ({ name: each.name, digest: ids.derived(canonical(each)) }));
      const changed = digests.filter(({ name, digest }) => entries.get(name)?.digest !== digest);
      const gone = [...entries.keys()].filter((name) => !channels.has(name));
      if (epoch === '' || changed.length + gone.length > 0) {
        epoch = epoch === '' ? ids.fresh() : epoch;
        counter += 1;
        [entries, removed] = [new Map(entries), new Map(removed)];
        await record(changed, gone);
      }
      return published();
    },
    beginEpoch: async () => {
      const all = [...entries].map(([name, { digest }]) => ({ name, digest }));
      [epoch, counter] = [ids.fresh(), 1];
      entries = new Map<string, Entry>();
      removed = new Map<string, number>();
      await record(all, []);
      return published();
    },
  };
};

const slices = <A>(all: readonly A[]): readonly (readonly A[])[] =>
  Array.from({ length: Math.ceil(all.length / page) }, (_, i) => all.slice(i * page, (i + 1) * page));

const saltIn = async (log: EventLog, stream: string): Promise<string | undefined> => {
  for await (const { type, data } of wholeStream(log, stream))
    if (type === 'channelsPublished') return replicationVocabulary.channelsPublished.parse(data).salt;
  return undefined;
};

const recall = async (log: EventLog, stream: string) => {
  let [epoch, counter] = ['', 0];
  let entries = new Map<string, Entry>();
  let removed = new Map<string, number>();
  const changes: ReturnType<typeof replicationVocabulary.channelsChanged.parse>[] = [];
  for await (const { type, data } of wholeStream(log, stream)) {
    if (type === 'channelsChanged') {
      const change = replicationVocabulary.channelsChanged.parse(data);
      if (change.first === true) changes.splice(0);
      changes.push(change);
    }
    if (type !== 'channelsPublished') continue;
    const version = replicationVocabulary.channelsPublished.parse(data);
    if (version.epoch !== epoch) {
      entries = new Map<string, Entry>();
      removed = new Map<string, number>();
    }
    ({ epoch, counter } = version);
    for (const change of changes.splice(0)) {
      for (const { name, digest } of change.changed) entries.set(name, { digest, since: counter });
      for (const { name } of change.changed) removed.delete(name);
      for (const name of change.removed) entries.delete(name);
      for (const name of change.removed) removed.set(name, counter);
    }
  }
  return { epoch, counter, entries, removed };
};

/** The signed parts that bring a dmz from `base` to a version; from nothing where that is undefined. Each is at most about `most` characters, or one channel. */
export const partsOf = (
  { version, channels, entries, removed }: Published,
  base: number | undefined,
  most: number,
  { sign }: Signatures,
): readonly ChannelUpdate[] => {
  const isNew = (since: number): boolean => base === undefined || since > base;
  const lots: ReplicatedChannel[][] = [[]];
  let size = 0;
  for (const [name, channel] of channels) {
    if (!isNew(entries.get(name)?.since ?? 0)) continue;
    const more = canonical(channel).length;
    if (size + more > most && size > 0) {
      lots.push([]);
      size = 0;
    }
    lots.at(-1)?.push(channel);
    size += more;
  }
  const gone = base === undefined ? [] : [...removed].flatMap(([name, since]) => (isNew(since) ? [name] : []));
  return lots.map((lot, part) => {
    const content = { ...version, base: base ?? null, part, parts: lots.length, channels: lot };
    const whole = { ...content, removed: part === 0 ? gone : [] };
    return { ...whole, signature: sign(signedText(whole)) };
  });
};
