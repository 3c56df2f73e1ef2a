/** What may be asked of a running server about its channels. */
import type { Answer } from './intake.ts';
import type { ChannelVersion } from './replication.ts';
import type { Role } from './role.ts';

/** A channel in one line. On dmz a partner's own server is not known. */
export type ChannelLine = {
  readonly name: string;
  readonly login: string | null;
  /** How its partner proves to be itself: password, keys, certificates. */
  readonly proofs: string;
  /** The protocol of the partner's own server. */
  readonly partner: string | null;
  /** Is it shown to dmz? */
  readonly visible: boolean;
};

/** The channels of a server, and their version. */
export type ChannelList = {
  readonly role: Role;
  readonly node: string;
  readonly version: ChannelVersion | null;
  readonly channels: readonly ChannelLine[];
};

/** On inner: what a dmz has, compared with what is published. On dmz: what is here, and what a new epoch that waits to be accepted would change. */
export type ChannelDiff = {
  readonly peer: string;
  readonly up: boolean;
  readonly has: ChannelVersion | null;
  readonly wants: ChannelVersion | null;
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  readonly text: string;
};

/** The part of the control surface that is about channels. */
export interface ChannelControl {
  channels(): Answer<ChannelList>;
  channelDiff(): Answer<readonly ChannelDiff[]>;
  /** On dmz: takes the channels of a new epoch, exactly those that were shown. Answers a sentence. */
  acceptEpoch(epoch: string, counter: number, login: string): Answer<string>;
  /** On inner: reads the config again and goes on with its channels and profiles; refuses any other change. Answers a sentence. */
  reloadChannels(login: string): Answer<string>;
}
