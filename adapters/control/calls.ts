/** What goes over the control socket: one HTTP call for each thing that may be asked, both ends decoding what they get. */
import { z } from 'zod';
import { plainName } from '../../domain/channel.ts';
import type { ChannelDiff, ChannelList } from '../../domain/channel-control.ts';
import type {
  EventLine,
  Probe,
  ProbeRequest,
  SendRequest,
  Status,
  TransferFilter,
  TransferRow,
  TransferStory,
  TrustRequest,
} from '../../domain/control.ts';
import type { Refusal } from '../../domain/failure.ts';
import { recordedEvent } from '../../domain/message.ts';
import { partnerFingerprint } from '../../domain/partner.ts';
import { receipt } from '../../domain/receipt.ts';
import { channelVersion } from '../../domain/replication.ts';
import { isEventType } from '../../domain/transfer/vocabulary.ts';
import { figuresCalls } from './figures-calls.ts';

const text = (longest: number) => z.string().max(longest);
const count = z.number().int().nonnegative();
const transferId = z.string().regex(/^[0-9a-hjkmnp-tv-z]{1,26}$/, 'a transfer id, or its beginning');

const row = z.strictObject({
  id: text(64),
  scenario: text(64),
  state: text(64),
  ended: z.boolean(),
  channel: text(64),
  name: text(255),
  size: z.number(),
  sha256: text(64),
  parent: text(64).nullable(),
  reason: text(2000).nullable(),
  createdAt: z.number(),
  updatedAt: z.number(),
}) satisfies z.ZodType<TransferRow>;

const status = z.strictObject({
  role: text(64),
  node: text(64),
  state: text(64),
  links: z.array(z.strictObject({ node: text(64), up: z.boolean() })).max(100),
  listeners: z.array(z.strictObject({ protocol: text(64), host: text(255), port: count })).max(1000),
  open: count,
  held: count,
  channels: count,
  residentBytes: count,
}) satisfies z.ZodType<Status>;

const filter = z.strictObject({
  state: text(64).optional(),
  channel: plainName.optional(),
  open: z.literal(true).optional(),
  limit: z.number().int().positive().max(10_000),
  offset: count.optional(),
}) satisfies z.ZodType<TransferFilter>;

const story = z.strictObject({
  row,
  events: z.array(recordedEvent).max(100_000),
}) satisfies z.ZodType<TransferStory>;

const channelList = z.strictObject({
  role: z.enum(['inner', 'dmz']),
  node: text(64),
  version: channelVersion.nullable(),
  channels: z
    .array(
      z.strictObject({
        name: text(64),
        login: text(128).nullable(),
        proofs: text(128),
        partner: text(64).nullable(),
        visible: z.boolean(),
      }),
    )
    .max(100_000),
}) satisfies z.ZodType<ChannelList>;

const names = z.array(text(64)).max(100_000);
const channelDiff = z.strictObject({
  peer: text(64),
  up: z.boolean(),
  has: channelVersion.nullable(),
  wants: channelVersion.nullable(),
  added: names,
  changed: names,
  removed: names,
  text: text(2000),
}) satisfies z.ZodType<ChannelDiff>;

const probeRequest = z.strictObject({
  channel: plainName,
  depth: z.enum(['nothing', 'key', 'list', 'write']),
  directory: text(4096),
  viaDmz: z.boolean(),
}) satisfies z.ZodType<ProbeRequest>;

const fingerprints = z.array(text(128)).max(20);
const place = z.strictObject({
  address: text(300),
  steps: z
    .array(
      z.strictObject({
        step: z.enum(['name', 'port', 'tls', 'hostKey', 'login', 'list', 'write', 'rename', 'remove']),
        milliseconds: z.number(),
        failure: z.strictObject({ code: text(64), text: text(2000) }).nullable(),
      }),
    )
    .max(20),
  seen: z
    .strictObject({
      fingerprint: text(128),
      certificate: z.strictObject({ subject: text(1000), notAfter: z.number() }).nullable(),
    })
    .nullable(),
});
const probe = z.strictObject({
  protocol: text(64),
  configured: fingerprints,
  approved: fingerprints,
  places: z.array(place).max(10),
}) satisfies z.ZodType<Probe>;

const trustRequest = z.strictObject({
  channel: plainName,
  fingerprints: z.array(partnerFingerprint).max(20).readonly(),
  login: text(128),
}) satisfies z.ZodType<TrustRequest>;

/** What each call takes and gives, by its path. */
export const calls = {
  ...figuresCalls,
  status: { input: z.strictObject({}), output: status },
  list: { input: filter, output: z.array(row).max(10_000) },
  show: { input: z.strictObject({ id: transferId }), output: story },
  receipt: { input: z.strictObject({ id: transferId }), output: receipt },
  probe: { input: probeRequest, output: probe },
  trust: { input: trustRequest, output: text(2000) },
  order: {
    input: z.strictObject({
      id: transferId,
      what: z.enum(['release', 'retry', 'abandon']),
      reason: text(1000),
      login: text(128),
    }),
    output: text(2000),
  },
  again: { input: z.strictObject({ id: transferId, login: text(128) }), output: transferId },
  channels: { input: z.strictObject({}), output: channelList },
  channelDiff: { input: z.strictObject({}), output: z.array(channelDiff).max(100) },
  acceptEpoch: { input: z.strictObject({ epoch: text(64), counter: count, login: text(128) }), output: text(2000) },
  reloadChannels: { input: z.strictObject({ login: text(128) }), output: text(2000) },
} as const;
export type CallName = keyof typeof calls;

/** What goes with the bytes of a transmission, in the query of its URL; they are the body. */
export const sendRequest = z.strictObject({
  channel: plainName,
  directory: text(4096),
  name: text(255),
  viaDmz: z.boolean(),
  size: count,
  login: text(128),
}) satisfies z.ZodType<SendRequest>;
/** What it gives: the id of the transfer. */
export const sendAnswer = transferId;

/** A line of the stream of events. */
export const eventLine = z.strictObject({
  transfer: text(64),
  name: text(255),
  channel: text(64),
  type: z.custom<EventLine['type']>((type) => typeof type === 'string' && isEventType(type)),
  label: text(64),
  state: text(64),
  origin: text(64),
  at: z.number(),
  detail: text(8192),
}) satisfies z.ZodType<EventLine>;

/** A refusal on its way over the socket. */
export const wireRefusal = z.strictObject({
  kind: z.literal('refusal'),
  reason: text(64) as unknown as z.ZodType<Refusal['reason']>,
  text: text(2000),
}) satisfies z.ZodType<Refusal>;

/** Largest question and largest answer, bytes. */
export const bounds = { question: 64 * 1024, answer: 64 * 1024 * 1024, line: 64 * 1024 } as const;
