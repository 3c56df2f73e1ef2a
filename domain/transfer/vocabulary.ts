/**
 * Everything that can happen to a transfer, on either server: the record, the message between the servers
 * and the input of every projection. One schema an event; there are no other shapes.
 */
import { z } from 'zod';
import { mailChecks } from '../mail.ts';
import { reportedRecipient } from '../mail-report.ts';
import { payloadRef } from '../payload.ts';

/** Ids are 26 characters of lower-case Crockford base 32. */
export const transferId = z.string().regex(/^[0-9a-hjkmnp-tv-z]{26}$/, 'a transfer id has 26 characters');

/** So many parts a mail is taken apart into at most. */
export const mostParts = 1000;

const text = (max: number) => z.string().max(max);
const name = text(64);

/** Who did it: the login, the address it came from, and the fingerprint of the key it used, where there was one. */
export const who = z.strictObject({
  login: text(128).optional(),
  address: text(64).optional(),
  fingerprint: text(128).optional(),
});
export type Who = z.infer<typeof who>;

/** Where a payload goes: a directory of inner, a directory at the channel's partner, or the partner's home on dmz. */
export const target = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('file'), directory: text(4096), name: text(255) }),
  z.strictObject({ kind: z.literal('partner'), directory: text(4096), name: text(255) }),
  z.strictObject({
    kind: z.literal('home'),
    directory: text(4096),
    name: text(255),
    /** How long it waits for its partner, milliseconds. */
    keepFor: z.number().int().positive(),
    /** What becomes of it once it is picked up; `keep`: until `keepFor` is over. */
    afterPickUp: z.enum(['keep', 'delete']),
  }),
]);
export type Target = z.infer<typeof target>;
export type TargetOf<K extends Target['kind']> = Extract<Target, { readonly kind: K }>;

/** A file at a partner's server as it was listed, and what becomes of it once it is processed here. */
export const source = z.strictObject({
  path: text(4096),
  name: text(255),
  size: z.number().int().nonnegative(),
  /** Milliseconds since 1970; absent where the server does not say. */
  modified: z.number().int().optional(),
  after: z.enum(['keep', 'delete', 'move']),
  /** The directory that it is moved to. */
  moveTo: text(4096).optional(),
});
export type Source = z.infer<typeof source>;

/** The parent of a response or of a part of a mail: its transfer, which of the profile's responses or of the mail's parts it is, and in which run. */
const parent = z.strictObject({ transfer: transferId, index: z.number().int(), run: z.number().int() });

const beginning = {
  channel: name,
  parent: parent.optional(),
  /** Who asked for it, where it is no profile's doing. */
  by: who.optional(),
  /** The ended transfer that it runs again. */
  again: transferId.optional(),
};

/** How a transfer begins that we decide on, by its scenario. */
const creation = z.discriminatedUnion('scenario', [
  z.strictObject({ scenario: z.literal('innerOnly'), ...beginning, payload: payloadRef, target }),
  z.strictObject({ scenario: z.literal('innerSends'), ...beginning, payload: payloadRef, target }),
  z.strictObject({ scenario: z.literal('responseSend'), ...beginning, payload: payloadRef, target, dmz: name }),
  z.strictObject({ scenario: z.literal('provide'), ...beginning, payload: payloadRef, target, dmz: name }),
  z.strictObject({
    scenario: z.literal('cronGet'),
    ...beginning,
    source,
    profile: name,
    dmz: name,
    /** The run that found it. */
    run: name.optional(),
  }),
  z.strictObject({
    scenario: z.literal('processAgain'),
    ...beginning,
    payload: payloadRef,
    name: text(255),
    /** The agent's, where an agent brought it; absent: it is chosen anew. */
    profile: name.optional(),
  }),
  z.strictObject({ scenario: z.literal('processPart'), ...beginning, payload: payloadRef, name: text(255) }),
]);
export type Creation = z.infer<typeof creation>;

const reason = z.strictObject({ reason: text(1000), by: who.optional() });

/** The transfers of a mail's parts. */
const parts = z.array(transferId).max(mostParts).optional();

/** The data of each event, by its wire name. */
export const vocabulary = {
  /** A partner's payload and this record are on disk; the partner gets its OK after this. */
  received: z.strictObject({
    channel: name,
    protocol: name,
    path: text(4096),
    name: text(255),
    payload: payloadRef,
    modified: z.number().int().optional(),
    by: who,
    /** SHA-256 of what the partner sent, where the payload holds more. */
    asSent: text(64).optional(),
    /** What was found of a mail whose channel wants that. */
    mail: mailChecks.optional(),
  }),
  /** A transfer that begins with a decision of ours. */
  created: creation,
  /** Dmz knows what it is asked to do. */
  requested: z.strictObject({}),
  /** The payload stands on the dmz that is to send or to show it. */
  staged: z.strictObject({}),
  /** Inner has taken the transfer over; `inline` says that the payload came with the message. */
  forwarded: z.strictObject({ inline: z.boolean() }),
  /** Inner holds the whole payload, its hash checked. */
  fetched: z.strictObject({ payload: payloadRef }),
  /** The profile is pinned. */
  matched: z.strictObject({ profile: name }),
  /** One of the profile's steps is done; what it changed: the payload (a new copy), the name, or neither; or what it was taken apart into. */
  stepDone: z.strictObject({
    index: z.number().int().nonnegative(),
    step: name,
    payload: payloadRef.optional(),
    name: text(255).optional(),
    parts,
  }),
  /** The profile's steps ran and its responses are created. */
  processed: z.strictObject({ responses: z.array(transferId).max(100), parts }),
  /** The giver knows that its payload was processed; it may now free its copy. */
  acknowledged: z.strictObject({}),
  /** A temporary file stands beside its target, whole and synced; what a restart needs to recognise it. */
  prepared: z.strictObject({
    temporary: text(4096),
    final: text(4096),
    inode: text(40),
    ctime: text(40),
  }),
  /** The whole file stands at the partner under a temporary name; it is about to get its own. */
  placed: z.strictObject({
    temporary: text(4096),
    final: text(4096),
    /** By the partner's clock, milliseconds since 1970: an older file under the final name is not ours. */
    modified: z.number().int().optional(),
  }),
  /** The partner sees the file in its home. */
  provided: z.strictObject({
    channel: name,
    path: text(4096),
    payload: payloadRef,
    /** Milliseconds since 1970. */
    until: z.number().int(),
    afterPickUp: z.enum(['keep', 'delete']),
  }),
  /** The partner has read the file to its end. */
  pickedUp: z.strictObject({ by: who, protocol: name, kept: z.boolean() }),
  /** Nobody has picked the file up in time. */
  expired: z.strictObject({}),
  /** The result is at its target. */
  sent: z.strictObject({ final: text(4096), protocol: name.optional() }),
  /** One try of a step failed; the fold counts them. */
  stepFailed: z.strictObject({ step: name, code: name, text: text(1000), lasting: z.enum(['temporary', 'permanent']) }),
  /** The system gave up, or no profile matched: open until a person decides. */
  held: z.strictObject({ reason: text(1000), code: name }),
  /** A person lets a held transfer go on. */
  released: reason,
  /** A person wants it tried again at once, the failures forgotten. */
  retried: reason,
  /** A person ended it. */
  abandoned: reason,
  /** The partner renamed (`path`), removed (null) or re-dated its view of a file that it had delivered. */
  viewChanged: z.strictObject({
    path: text(4096).nullable(),
    modified: z.number().int().optional(),
    by: who.optional(),
  }),
  /** The partner is known to have had its OK: it went on, or said goodbye after it. */
  confirmed: z.strictObject({}),
  /** The partner had not heard its OK and delivered the same again: answered OK without a second transfer. */
  repeated: z.strictObject({ by: who }),
  /** A mail server has reported what became of the mail; `report` is the transfer by which that came. */
  reported: z.strictObject({ report: transferId, recipients: z.array(reportedRecipient).min(1).max(100) }),
  /** This server's copy of the payload is gone. */
  purged: z.strictObject({}),
} as const;

export type EventType = keyof typeof vocabulary;
export type EventData<T extends EventType> = z.infer<(typeof vocabulary)[T]>;

/** A type and its data, before it is recorded. */
export type Fact = { readonly [T in EventType]: { readonly type: T; readonly data: EventData<T> } }[EventType];

/** What every recorded event carries beside its data. */
export const eventMeta = z.strictObject({
  /** The node that recorded it first. */
  origin: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/),
  /** 1, 2, 3 … over the travelling events of one origin in one stream; local events have none. */
  originSeq: z.number().int().positive().optional(),
  /** Wall clock of the origin, milliseconds since 1970. For people; order is (origin, originSeq). */
  at: z.number().int(),
  /** How often a person has retried; never resets. */
  run: z.number().int().nonnegative(),
  /** Which try of the step, from 0, counted anew in each run and state. */
  attempt: z.number().int().nonnegative(),
  /** The step that recorded it. */
  step: name,
});
export type EventMeta = z.infer<typeof eventMeta>;

/** A recorded event of a transfer. */
export type TransferEvent = Fact & { readonly id: string; readonly meta: EventMeta };

/** Wire names to the words that people read. */
export const labels: Readonly<Record<EventType, string>> = {
  received: 'received',
  created: 'created',
  requested: 'requested',
  staged: 'staged',
  forwarded: 'forwarded',
  fetched: 'fetched',
  matched: 'matched',
  stepDone: 'step done',
  processed: 'processed',
  acknowledged: 'acknowledged',
  prepared: 'prepared',
  placed: 'placed',
  provided: 'provided',
  pickedUp: 'picked up',
  expired: 'expired',
  sent: 'sent',
  stepFailed: 'step failed',
  held: 'held',
  released: 'released',
  retried: 'retried',
  abandoned: 'abandoned',
  viewChanged: 'view changed',
  confirmed: 'confirmed',
  repeated: 'repeated',
  reported: 'reported',
  purged: 'purged',
};

/** Is this the name of an event? */
export const isEventType = (type: string): type is EventType => Object.hasOwn(vocabulary, type);
