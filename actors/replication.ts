/** Replication of channels on either server: what the peer may ask of it, what a person may, and how much of it there is. */
import { left } from 'fp-ts/lib/Either.js';
import type { ChannelControl } from '../domain/channel-control.ts';
import { refusal } from '../domain/failure.ts';
import type { Messages, PeerHandlers } from '../domain/message.ts';
import { channelsProjection } from '../projections/channels.ts';
import { dmzChannels, innerChannels } from './channel-control.ts';
import type { InnerSettings } from './inner-settings.ts';
import { openPublisher, type PublishNeeds } from './publish-channels.ts';
import { type ReloadNeeds, reloading } from './reload.ts';
import { openTaker, type TakeNeeds } from './take-channels.ts';
import { recallTaken } from './taken-channels.ts';
import { orThrow } from './unwrap.ts';

/** A server's part in replication. */
export type Replication = {
  readonly handler: PeerHandlers['channels'];
  readonly control: ChannelControl;
  readonly count: () => Promise<number>;
  /** On inner: publishes what the config says. */
  readonly start: () => Promise<void>;
  readonly stop: () => void;
};

type InnerNeeds = PublishNeeds &
  Omit<ReloadNeeds, 'publisher'> & {
    readonly own: InnerSettings;
    readonly profilesChanged: () => Promise<void>;
  };

/** Opens inner's part. */
export const openAtInner = async (needs: InnerNeeds): Promise<Replication> => {
  const { own, node } = needs;
  const publisher = await openPublisher(needs);
  return {
    handler: () => Promise.resolve(left(refusal('notPermitted', 'inner takes no channels'))),
    control: innerChannels(node, own, publisher, reloading({ ...needs, publisher }, needs.profilesChanged)),
    count: () => Promise.resolve(own.now().channels.length),
    start: () => publisher.publish(own.now().channels, own.now().passwords),
    stop: publisher.stop,
  };
};

type DmzNeeds = Omit<TakeNeeds, 'certificateOf' | 'projection'> & {
  readonly eventLog: PublishNeeds['eventLog'];
  readonly messages: Pick<Messages, 'certificateOf'>;
};

/** Opens the part of a dmz. */
export const openAtDmz = async (needs: DmzNeeds): Promise<Replication> => {
  const { models, messages, node } = needs;
  const certificateOf = (peer: string): Uint8Array | undefined => messages.certificateOf(peer);
  const taking = { ...needs, certificateOf, projection: channelsProjection };
  const taker = openTaker(taking, await recallTaken(needs.eventLog, node));
  return {
    handler: (from, update) => taker.take(from, update),
    control: dmzChannels(node, models, channelsProjection, taker),
    count: async () => orThrow(await models.count(channelsProjection)()),
    start: () => Promise.resolve(),
    stop: () => undefined,
  };
};
