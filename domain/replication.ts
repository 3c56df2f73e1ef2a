/** How channels come from inner to dmz: signed updates, each whole or what changed since a base that dmz has. */
import { type Either, left, right } from 'fp-ts/lib/Either.js';
import { z } from 'zod';
import { canonical } from './canonical.ts';
import { plainName, replicatedChannel } from './channel.ts';
import { type Refusal, refusal } from './failure.ts';

const count = z.number().int().nonnegative();
const hash = z.string().max(64);
const signature = z.string().max(2048);

/** More of them are refused by the config of inner. */
export const mostChannels = 100_000;

/** Which channels a server has: inner's node, the epoch and counter of what it published, and the hash of all of it. */
export const channelVersion = z.strictObject({
  node: z.string().max(63),
  epoch: z.string().max(64),
  counter: count,
  digest: hash,
});
export type ChannelVersion = z.infer<typeof channelVersion>;

/** What dmz has, with inner's own signature of that: so a dmz cannot claim to have what inner never published. */
export const heldChannels = z.strictObject({ ...channelVersion.shape, proof: signature });
export type HeldChannels = z.infer<typeof heldChannels>;

/** One part of an update. `base`: the counter on which `channels` and `removed` are changes; null: they are all there are. */
export const channelUpdate = z.strictObject({
  ...heldChannels.shape,
  base: count.nullable(),
  part: count,
  parts: z.number().int().positive().max(mostChannels),
  channels: z.array(replicatedChannel).max(mostChannels),
  removed: z.array(plainName).max(mostChannels),
  /** Of inner's link key, over `signedText`. */
  signature,
});
export type ChannelUpdate = z.infer<typeof channelUpdate>;

/** Inner's question: an update to be taken, or nothing to be told only what dmz has. */
export const channelsRequest = z.strictObject({ update: channelUpdate.optional() });

/** The answer of dmz: what it has now, and whether it can go on from no other update than a whole one. */
export const channelsAnswer = z.strictObject({ held: heldChannels.optional(), wantsAll: z.boolean() });
export type ChannelsAnswer = z.infer<typeof channelsAnswer>;

/** What inner signs of a part: all of it. */
export const signedText = (content: Omit<ChannelUpdate, 'signature'>): string =>
  `sallyport channel update\n${canonical({ ...content, signature: undefined })}`;

/** What inner signs of a version. */
export const provenText = ({ node, epoch, counter, digest }: ChannelVersion): string =>
  `sallyport channel version\n${canonical({ node, epoch, counter, digest })}`;

/** The whole of a set of channels, for its hash: name and hash of each. */
export const digestText = (digests: ReadonlyMap<string, string>): string =>
  canonical([...digests].sort(([a], [b]) => (a < b ? -1 : 1)));

/** What is to become of an update whose signature is right: `known`: it is here; `offer`: an operator must accept its epoch. */
export type Verdict = 'known' | 'take' | 'wantsAll' | 'offer';

/** Judges an update by what is here. Refuses what is older, what says other things under the same counter, and epochs that were left. */
export const judge = (
  held: ChannelVersion | undefined,
  leftEpochs: ReadonlySet<string>,
  update: ChannelVersion & Pick<ChannelUpdate, 'base'>,
): Either<Refusal, Verdict> => {
  const { node, epoch, counter, base, digest } = update;
  if (held === undefined) return right(base === null ? 'take' : 'wantsAll');
  if (held.node !== node || held.epoch !== epoch) {
    if (leftEpochs.has(epoch))
      return left(refusal('illegal', `the channels are of epoch ${epoch}, which was left for ${held.epoch}`));
    return right(base === null ? 'offer' : 'wantsAll');
  }
  if (counter < held.counter)
    return left(refusal('illegal', `the channels are older (${counter}) than those that are here (${held.counter})`));
  if (counter === held.counter)
    return digest === held.digest
      ? right('known')
      : left(refusal('illegal', `other channels came under the number ${counter}, which is here already`));
  return right(base === null || base === held.counter ? 'take' : 'wantsAll');
};

/** How two sets of channels differ, each given by the hashes of its channels. */
export type ChannelChanges = {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
};

/** What must be done to `before` to have `after`; names sorted. */
export const changesBetween = (
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): ChannelChanges => ({
  added: [...after.keys()].filter((name) => !before.has(name)).sort(),
  changed: [...after]
    .flatMap(([name, digest]) => (before.has(name) && before.get(name) !== digest ? [name] : []))
    .sort(),
  removed: [...before.keys()].filter((name) => !after.has(name)).sort(),
});

/** The stream in which a server records what it published (inner) or took (dmz). */
export const replicationStream = (node: string): string => `channels-${node}`;

const entry = z.strictObject({ name: plainName, digest: hash });

/** What is recorded there. Local: these never travel. */
export const replicationVocabulary = {
  /** Inner: channels that changed, and those that are shown no more, since the version before; `channelsPublished` follows. */
  channelsChanged: z.strictObject({
    changed: z.array(entry),
    removed: z.array(plainName),
    /** Whatever stands before it without its `channelsPublished` was cut off, and does not count. */
    first: z.literal(true).optional(),
  }),
  /** Inner: the changes that stand before it are this version. In a new epoch nothing that stands before them counts. */
  channelsPublished: z.strictObject({ epoch: z.string(), counter: count, salt: z.string() }),
  /** Dmz: everything of this version is recorded in the channels' own streams. */
  channelsTaken: heldChannels,
  /** Dmz: a person accepted a new epoch. */
  epochAccepted: z.strictObject({
    node: z.string(),
    epoch: z.string(),
    counter: count,
    before: z.string(),
    by: z.string().max(128),
  }),
} as const;
