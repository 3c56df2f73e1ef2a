/** The channels that inner has replicated to this dmz. */
import { channelOf, channelVocabulary, type ReplicatedChannel } from '../domain/channel.ts';
import type { Projection } from '../domain/ports.ts';

/** A replicated channel, and the snapshot that brought it. */
export type ChannelRow = {
  readonly channel: ReplicatedChannel;
  readonly epoch: string;
  readonly counter: number;
};

/** The read model of replicated channels. */
export const channelsProjection: Projection<ChannelRow> = {
  name: 'channels',
  version: 2,
  indexes: {
    login: (row) => row.channel.login ?? null,
    mail: (row) => (row.channel.mail === undefined ? null : 1),
    counter: (row) => row.counter,
  },
  keyOf: (event) => (event.type.startsWith('channel') ? channelOf(event.stream) : undefined),
  fold: (row, event) => {
    switch (event.type) {
      case 'channelReplicated':
        return channelVocabulary.channelReplicated.parse(event.data);
      case 'channelRemoved':
        return undefined;
      default:
        return row;
    }
  },
};
