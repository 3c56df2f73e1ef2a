/** What the two servers say to each other. Strict: an unknown field or type is refused, not passed over. */

import type { Either } from 'fp-ts/lib/Either.js';
import { z } from 'zod';
import { type Segment, segment } from './chain.ts';
import { plainName } from './channel.ts';
import type { Answered, Body, ExchangeRequest } from './exchange.ts';
import type { Attempt, Refusal } from './failure.ts';
import { mostFiles, type PartnerAccess, type PartnerFile, partnerFile } from './partner.ts';
import { type PayloadRef, payloadKey } from './payload.ts';
import type { PayloadSource } from './ports.ts';
import type { ChannelsAnswer, ChannelUpdate } from './replication.ts';
import type { Role } from './role.ts';
import type { Route } from './route.ts';
import { eventMeta, isEventType, type TransferEvent, transferId, vocabulary, who } from './transfer/vocabulary.ts';

/** A recorded event on its way to the peer, with its payload when that is small enough to come along. */
export type Parcel = { readonly transfer: string; readonly event: TransferEvent; readonly payload?: Uint8Array };

/**
 * The answer to one parcel. `stored`: it stands in my log, and `events` are those of mine that follow from it (a hand-over).
 * `later`: not now (a gap: `expected` is the next number; or busy). `refused`: never as it is; holds this transfer only.
 */
export type ParcelAnswer =
  | { readonly result: 'stored'; readonly events: readonly TransferEvent[] }
  | { readonly result: 'later'; readonly text: string; readonly expected?: number | undefined }
  | { readonly result: 'refused'; readonly text: string };

const event = z
  .strictObject({ id: z.uuid(), type: z.string().max(64), data: z.unknown(), meta: eventMeta })
  .transform((raw, context): TransferEvent => {
    if (!isEventType(raw.type)) {
      context.addIssue({ code: 'custom', message: `unknown event ${raw.type}` });
      return z.NEVER;
    }
    const data = vocabulary[raw.type].safeParse(raw.data);
    if (!data.success) {
      context.addIssue({ code: 'custom', message: `bad ${raw.type}: ${z.prettifyError(data.error)}` });
      return z.NEVER;
    }
    return { id: raw.id, type: raw.type, data: data.data, meta: raw.meta } as TransferEvent;
  });

/** Decodes a recorded event. */
export const recordedEvent = event as unknown as z.ZodType<TransferEvent>;

/** Decodes a parcel. */
export const parcel = z.strictObject({
  transfer: transferId,
  event,
  payload: z.instanceof(Uint8Array).optional(),
}) as unknown as z.ZodType<Parcel>;

/** Decodes an answer. */
export const parcelAnswer = z.discriminatedUnion('result', [
  z.strictObject({ result: z.literal('stored'), events: z.array(event).max(100) }),
  z.strictObject({ result: z.literal('later'), text: z.string().max(1000), expected: z.number().int().optional() }),
  z.strictObject({ result: z.literal('refused'), text: z.string().max(1000) }),
]) as unknown as z.ZodType<ParcelAnswer>;

/** A request for a ticket, and the ticket. */
export const ticketRequest = z.strictObject({ key: payloadKey });
export const ticketAnswer = z.strictObject({ ticket: z.string().min(32).max(128) });

/** A person's order about a transfer that the other server owns. */
export const command = z.strictObject({
  transfer: transferId,
  order: z.enum(['release', 'retry', 'abandon']),
  reason: z.string().max(1000),
  by: who,
});
export type Command = z.infer<typeof command>;

/** A request for a channel's partner. */
export const partnerRequest = z.strictObject({ channel: plainName });

/** A request to look into a directory of a channel's partner, and what is there. */
export const listRequest = z.strictObject({ channel: plainName, directory: z.string().min(1).max(4096) });
export type ListRequest = z.infer<typeof listRequest>;
export const listAnswer = z.strictObject({ files: z.array(partnerFile).max(mostFiles) });

/** The most segments that are told at once. */
export const mostSegments = 16;

/** Segments of the teller's event log (none: it only asks), and the last that the other has then: number 0 for none, and its hash. */
export const segmentsRequest = z.strictObject({ segments: z.array(segment).max(mostSegments) });
export const segmentsAnswer = z.strictObject({ have: z.number().int().nonnegative(), hash: z.string().max(64) });
export type SegmentsAnswer = z.infer<typeof segmentsAnswer>;

/** The other end of a link, as its certificate names it. */
export type Peer = { readonly role: Role; readonly node: string };

/** Is the link to a peer up: has each side signed in with the other? */
export type LinkState = Peer & { readonly up: boolean };

/** Answers what the peer asks. Whether the peer's role may ask it at all is checked before these are called. */
export type PeerHandlers = {
  readonly events: (from: Peer, parcels: readonly Parcel[]) => Promise<readonly ParcelAnswer[]>;
  readonly payload: (
    from: Peer,
    key: string,
    start: number,
  ) => Promise<Either<Refusal, { readonly size: number; readonly bytes: AsyncIterable<Uint8Array> }>>;
  /** A password for one FTP login that sees one payload; for a short time. */
  readonly ticket: (from: Peer, key: string) => Promise<Either<Refusal, string>>;
  /** Takes an update of the channels, if there is one, and says what is here then. */
  readonly channels: (from: Peer, update: ChannelUpdate | undefined) => Promise<Either<Refusal, ChannelsAnswer>>;
  readonly command: (from: Peer, command: Command) => Promise<Either<Refusal, void>>;
  /** Takes a payload that is to be sent or shown here; answers once it is on disk, its hash checked. Not read to its end where it is there already. */
  readonly stage: (from: Peer, payload: PayloadRef, bytes: AsyncIterable<Uint8Array>) => Promise<Either<Refusal, void>>;
  /** Keeps segments of the peer's event log. */
  readonly segments: (from: Peer, segments: readonly Segment[]) => Promise<Either<Refusal, SegmentsAnswer>>;
  /** How to come in at a channel's partner. */
  readonly partner: (from: Peer, channel: string) => Promise<Either<Refusal, PartnerAccess>>;
  /** The files in a directory of a channel's partner, as seen from here. */
  readonly list: (from: Peer, request: ListRequest) => Promise<Either<Refusal, readonly PartnerFile[]>>;
  /** Takes the routes as they are from here on. */
  readonly routes: (from: Peer, routes: readonly Route[]) => Promise<Either<Refusal, void>>;
  /** Passes a request through to a service. `gone` aborts when the exchange is over, however it ended; the body of the answer may then not have been read. */
  readonly through: (
    from: Peer,
    request: ExchangeRequest,
    body: Body,
    gone: AbortSignal,
  ) => Promise<Either<Refusal, Answered>>;
};

/** What each role may ask of the other: a closed table, checked by the receiver. */
export const mayAsk: Readonly<Record<Role, readonly (keyof PeerHandlers)[]>> = {
  dmz: ['events', 'command', 'partner', 'segments', 'through'],
  inner: ['events', 'payload', 'ticket', 'channels', 'command', 'stage', 'list', 'routes'],
};

/** The message service. Failures are `temporary` unless the peer refused. */
export interface Messages {
  /** Starts listening or dialling; answers when the listening port is bound, not when a link is up. */
  start(handlers: PeerHandlers): Attempt<void>;
  readonly links: () => readonly LinkState[];
  /** The certificate (DER) with which a peer last proved to be itself; undefined until it has. */
  certificateOf(node: string): Uint8Array | undefined;
  /** Calls back on each change; the answer unsubscribes. */
  onLink(listener: (state: LinkState) => void): () => void;
  /** One answer a parcel, in order. */
  events(to: string, parcels: readonly Parcel[]): Attempt<readonly ParcelAnswer[]>;
  readonly payload: PayloadSource;
  /** A password with which this payload can be fetched over FTP, once and soon. */
  ticket(from: string, key: string): Attempt<string>;
  /** Brings a part of the channels; without one it only asks what is there. */
  channels(to: string, update?: ChannelUpdate): Attempt<ChannelsAnswer>;
  command(to: string, command: Command): Attempt<void>;
  /** Puts a payload on a dmz under the key that it is to have there. A failure that is no refusal says nothing of whether it is there. */
  stage(to: string, payload: PayloadRef, bytes: AsyncIterable<Uint8Array>): Attempt<void>;
  /** Tells segments of our event log; without any it only asks what is there. */
  segments(to: string, segments: readonly Segment[]): Attempt<SegmentsAnswer>;
  partner(from: string, channel: string): Attempt<PartnerAccess>;
  /** Within two minutes: the partner may be slow. */
  list(at: string, request: ListRequest): Attempt<readonly PartnerFile[]>;
  routes(to: string, routes: readonly Route[]): Attempt<void>;
  /** Has the peer pass a request through. The caller aborts `gone` when it wants no more of it, or has all; no deadline but that. */
  through(to: string, request: ExchangeRequest, body: Body, gone: AbortSignal): Attempt<Answered>;
  close(): Promise<void>;
}
