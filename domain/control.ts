/** What a person or a program may ask of a running server. Carried by the control socket; implemented in actors/control.ts. */
import type { ChannelControl } from './channel-control.ts';
import type { FiguresControl } from './control-figures.ts';
import type { Answer } from './intake.ts';
import type { ConnectStep, SeenCertificate } from './partner.ts';
import type { Receipt } from './receipt.ts';
import type { Order } from './transfer/decide.ts';
import type { EventType, TransferEvent } from './transfer/vocabulary.ts';

/** A transfer in one line. Times are milliseconds since 1970, size bytes. */
export type TransferRow = {
  readonly id: string;
  readonly scenario: string;
  readonly state: string;
  /** Still owed something, or ended? */
  readonly ended: boolean;
  readonly channel: string;
  readonly name: string;
  readonly size: number;
  readonly sha256: string;
  readonly parent: string | null;
  readonly reason: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
};

/** Which transfers: by state, channel, name pattern; newest first. */
export type TransferFilter = {
  readonly state?: string | undefined;
  readonly channel?: string | undefined;
  readonly open?: true | undefined;
  readonly limit: number;
  readonly offset?: number | undefined;
};

/** One event of one transfer as it was recorded here. */
export type EventLine = {
  readonly transfer: string;
  readonly name: string;
  readonly channel: string;
  readonly type: EventType;
  readonly label: string;
  readonly state: string;
  readonly origin: string;
  readonly at: number;
  /** What a person would want to know besides: a size, a target, a reason. */
  readonly detail: string;
};

/** A transfer with its whole story. */
export type TransferStory = { readonly row: TransferRow; readonly events: readonly TransferEvent[] };

/** A file that is to be sent to a channel's partner, outside any profile. */
export type Transmission = {
  readonly channel: string;
  /** Directory at the partner. */
  readonly directory: string;
  readonly name: string;
  /** Sent by dmz; otherwise by inner itself. */
  readonly viaDmz: boolean;
};

/** A transmission as it is asked for; `size` is what must arrive, in bytes. */
export type SendRequest = Transmission & { readonly size: number; readonly login: string };

/** A step of a look at a partner's server. */
export type ProbeStep = ConnectStep | 'list' | 'write' | 'rename' | 'remove';

/** How far a look goes: nowhere, to the server's key, or into a directory, with or without a small file of ours. */
export type ProbeDepth = 'nothing' | 'key' | 'list' | 'write';

/** A look at a channel's partner, from inner or through a dmz. */
export type ProbeRequest = {
  readonly channel: string;
  readonly depth: ProbeDepth;
  readonly directory: string;
  readonly viaDmz: boolean;
};

/** One address of the partner as it was found: the steps in order, of which only the last can have failed. */
export type ProbedPlace = {
  readonly address: string;
  readonly steps: readonly {
    readonly step: ProbeStep;
    readonly milliseconds: number;
    /** Code and sentence of what failed; null where nothing did. */
    readonly failure: { readonly code: string; readonly text: string } | null;
  }[];
  readonly seen: { readonly fingerprint: string; readonly certificate: SeenCertificate | null } | null;
};

/** What was found at a partner, and whom is trusted there: by the config, and by persons. */
export type Probe = {
  readonly protocol: string;
  readonly configured: readonly string[];
  readonly approved: readonly string[];
  readonly places: readonly ProbedPlace[];
};

/** Who the partner's server may be from now on, besides those in the config. */
export type TrustRequest = {
  readonly channel: string;
  readonly fingerprints: readonly string[];
  readonly login: string;
};

/** How the server is. */
export type Status = {
  readonly role: string;
  readonly node: string;
  readonly state: string;
  readonly links: readonly { readonly node: string; readonly up: boolean }[];
  readonly listeners: readonly { readonly protocol: string; readonly host: string; readonly port: number }[];
  /** Channels that this server knows. */
  readonly channels: number;
  readonly open: number;
  readonly held: number;
  /** Resident memory of the process, bytes. */
  readonly residentBytes: number;
};

/** The control surface of a running server. */
export interface Control extends ChannelControl, FiguresControl {
  status(): Answer<Status>;
  list(filter: TransferFilter): Answer<readonly TransferRow[]>;
  /** `id` may be a unique beginning of the id. */
  show(id: string): Answer<TransferStory>;
  /** A signed receipt of what this server has recorded of a transfer. */
  receipt(id: string): Answer<Receipt>;
  /** A person's order; given at the server that does not own the transfer it goes to the owner. Answers a sentence. */
  order(id: string, what: Order, reason: string, login: string): Answer<string>;
  /** Runs an ended transfer again from its payload; answers the id of the new transfer. Given on inner. */
  again(id: string, login: string): Answer<string>;
  /** Takes the bytes over and starts the transfer that sends them; answers its id. Refused before the first byte is read, where that can be. */
  send(request: SendRequest, bytes: AsyncIterable<Uint8Array>): Answer<string>;
  /** Looks at a channel's partner. What fails there is an answer, too. */
  probe(request: ProbeRequest): Answer<Probe>;
  /** Records whom a person approves as a channel's partner. */
  trust(request: TrustRequest): Answer<string>;
  /** Events as they are recorded, from now on. Ends when the signal aborts. */
  events(signal: AbortSignal): AsyncIterable<EventLine>;
}
