/** One row a transfer: where it is, what is due here, and what the peer has not been told yet. */

import type { TransferRow } from '../domain/control.ts';
import { keyOf } from '../domain/payload.ts';
import type { LoggedEvent, Projection } from '../domain/ports.ts';
import type { Role } from '../domain/role.ts';
import { type SeenFile, seenKey } from '../domain/run.ts';
import { scenarios } from '../domain/scenarios/index.ts';
import { stateAfter } from '../domain/scenarios/scenario.ts';
import { recorded } from '../domain/transfer/codec.ts';
import { delayAfter, type RetryPolicy } from '../domain/transfer/decide.ts';
import { transferOf } from '../domain/transfer/event-id.ts';
import { scenarioOf } from '../domain/transfer/fold.ts';
import { repeatWindow } from '../domain/transfer/transfer.ts';
import type { TransferEvent } from '../domain/transfer/vocabulary.ts';
import { partnersSummary, ratesSummary } from './figures.ts';
import { channelAt } from './order.ts';

/** A transfer as the supervisor and the outbox query it. `dueAt` and `tellAt` are wall-clock milliseconds, null for nothing to do. */
export type TransferRecord = TransferRow & {
  /** Over which it came or went; null as long as it is not known. */
  readonly protocol: string | null;
  readonly heldFrom: string | null;
  /** When it came into its state. */
  readonly turnedAt: number;
  readonly attempt: number;
  readonly revision: number;
  /** The step that is this server's to run, and when. */
  readonly step: string | null;
  readonly dueAt: number | null;
  readonly ownsPayload: boolean;
  /** Where the partner put it, and whether another delivery of the same would be a repeat: it has not heard our OK. */
  readonly path: string | null;
  readonly unheard: boolean;
  /** The hash by which a repeat is known, where that is not the payload's. */
  readonly asSent?: string;
  /** Which agent it was fetched for, and which file: as listed, later as it was when it came. Null for any other. */
  readonly fetched: string | null;
  readonly purged: boolean;
  /** How long a file that was provided stays (0: not after its end), milliseconds since 1970; null for any other. */
  readonly keptUntil: number | null;
  /** The server that shares this transfer. */
  readonly peer: string | null;
  /** The last originSeq recorded here, and the last that the peer is known to have. */
  readonly ownSeq: number;
  readonly acked: number;
  readonly tellAt: number | null;
  readonly tellTries: number;
};

/** What the fold must know of this server. */
export type Here = {
  readonly role: Role;
  readonly node: string;
  /** The peer of every transfer, where there is but one. */
  readonly peer: string | undefined;
  readonly stepOf: (scenario: string, state: string) => { readonly owner: Role; readonly step: string } | undefined;
  /** Which lane of the supervisor a step runs in. */
  readonly laneOf: (step: string) => string;
  readonly retries: RetryPolicy;
  /** How long after its end a transfer's payload is kept here, milliseconds. */
  readonly keepFor: number;
};

/** The read model of transfers on one server. */
export const transfersProjection = (here: Here): Projection<TransferRecord> => ({
  name: 'transfers',
  version: 13,
  indexes: {
    state: (row) => row.state,
    channelAt: (row) => channelAt(row.channel, row.createdAt),
    createdAt: (row) => row.createdAt,
    open: (row) => (row.ended ? null : 1),
    lane: (row) => (row.step === null ? null : here.laneOf(row.step)),
    dueAt: (row) => row.dueAt,
    owed: (row) => (row.tellAt === null ? null : row.peer),
    tellAt: (row) => row.tellAt,
    getting: (row) => (row.scenario === 'cronGet' && !row.ended ? row.channel : null),
    fetched: (row) => row.fetched,
    unheard: (row) => (row.unheard ? `${row.channel}\n${row.path ?? ''}\n${row.asSent ?? row.sha256}` : null),
  },
  sparse: ['open', 'lane', 'dueAt', 'owed', 'tellAt', 'getting', 'fetched', 'unheard'],
  carry: {
    wants: (row) => row.acked < row.ownSeq,
    over: (row, live) => {
      const acked = Math.max(row.acked, live.acked);
      return acked < row.ownSeq ? { ...row, acked } : { ...row, acked, tellAt: null, tellTries: 0 };
    },
  },
  summaries: [partnersSummary, ratesSummary],
  begins: (event) => event.revision === 0n,
  keyOf: (event) => transferOf(event.stream),
  fold: (row, logged) => folded(here, row && { ...row }, logged),
  foldInto: (row, logged) => folded(here, row, logged),
});

/** A row while events are folded into it: changed in place, since millions are folded. */
type Draft = { -readonly [K in keyof TransferRecord]: TransferRecord[K] };

const folded = (here: Here, row: Draft | undefined, logged: LoggedEvent): Draft | undefined => {
  const event = recorded(logged);
  if (event === undefined) return row;
  const next = row ?? born(here, logged, event);
  if (next === undefined) return undefined;
  move(here, next, event, logged);
  tell(here, next, event);
  plan(here, next, event);
  return next;
};

const born = (here: Here, logged: LoggedEvent, event: TransferEvent): Draft | undefined => {
  const scenario = scenarioOf(event);
  if (scenario === undefined || (event.type !== 'received' && event.type !== 'created')) return undefined;
  const { channel } = event.data;
  const { name, size, sha256 } = subjectOf(event);
  return {
    id: transferOf(logged.stream) ?? '',
    scenario,
    state: 'new',
    protocol: event.type === 'received' ? event.data.protocol : null,
    heldFrom: null,
    turnedAt: event.meta.at,
    ended: false,
    channel,
    name,
    size,
    sha256,
    parent: event.type === 'created' ? (event.data.parent?.transfer ?? null) : null,
    reason: null,
    createdAt: event.meta.at,
    updatedAt: event.meta.at,
    attempt: 0,
    revision: 0,
    step: null,
    dueAt: null,
    ownsPayload: event.type === 'received',
    path: pathOf(event),
    unheard: event.type === 'received' && event.meta.origin === here.node,
    ...('asSent' in event.data && event.data.asSent !== undefined ? { asSent: event.data.asSent } : {}),
    fetched: 'source' in event.data ? fetchedAs(event.data.profile, event.data.source) : null,
    purged: false,
    keptUntil: null,
    peer: event.meta.originSeq === undefined ? null : (here.peer ?? dmzOf(event)),
    ownSeq: 0,
    acked: 0,
    tellAt: null,
    tellTries: 0,
  };
};

/** A file at a partner, as it is fetched for an agent. */
export const fetchedAs = (profile: string, file: SeenFile): string => `${profile}\n${seenKey(file)}`;

const pathOf = ({ data }: Opening): string | null =>
  'path' in data ? data.path : 'source' in data ? data.source.path : null;

type Opening = Extract<TransferEvent, { readonly type: 'received' | 'created' }>;

/** What the transfer is about; the hash is not known yet where dmz is still to get the file. */
const subjectOf = ({
  type,
  data,
}: Opening): { readonly name: string; readonly size: number; readonly sha256: string } => {
  if (type === 'received') return { ...data.payload, name: data.name };
  if ('source' in data) return { ...data.source, sha256: '' };
  return { ...data.payload, name: 'target' in data ? data.target.name : data.name };
};

/** On inner: the dmz that shares it. */
const dmzOf = ({ type, data, meta }: Opening): string | null =>
  type === 'received' ? meta.origin : 'dmz' in data ? data.dmz : null;

const move = (here: Here, row: Draft, event: TransferEvent, logged: LoggedEvent): void => {
  row.revision = Number(logged.revision);
  const scenario = scenarios[row.scenario];
  const state = scenario && stateAfter(scenario, row.state, row.heldFrom ?? undefined, event.type);
  if (scenario === undefined || state === undefined) return;
  const freshTry = state !== row.state || event.type === 'retried' || event.type === 'stepDone';
  Object.assign(row, ownership(here, row, event));
  row.attempt = event.type === 'stepFailed' ? row.attempt + 1 : freshTry && state !== 'held' ? 0 : row.attempt;
  row.reason = reasonOf(row, event);
  row.heldFrom = state === 'held' ? (row.heldFrom ?? row.state) : null;
  row.ended = scenario.ends.includes(state) || state === 'abandoned';
  if (state !== row.state) row.turnedAt = event.meta.at;
  row.state = state;
  row.updatedAt = event.meta.at;
  row.purged ||= event.type === 'purged';
  row.unheard &&= event.type !== 'confirmed';
};

/** A payload that has come into being here since the transfer began. */
const ownership = (here: Here, row: TransferRecord, event: TransferEvent): Partial<TransferRecord> => {
  switch (event.type) {
    case 'created':
      return { ownsPayload: 'payload' in event.data && event.data.payload.key === keyOf(here.node, row.id) };
    case 'staged':
      return here.role === 'dmz' ? { ownsPayload: true } : {};
    case 'received': {
      const { path, modified, payload } = event.data;
      const { size, sha256 } = payload;
      const profile = row.fetched?.split('\n')[0];
      const fetched = profile === undefined ? null : fetchedAs(profile, { path, size, modified });
      return { size, sha256, fetched, protocol: event.data.protocol, ownsPayload: true };
    }
    case 'provided':
      return { keptUntil: event.data.until };
    case 'pickedUp':
      return { protocol: event.data.protocol, ...(event.data.kept ? {} : { keptUntil: event.meta.at }) };
    case 'sent':
      return event.data.protocol === undefined ? {} : { protocol: event.data.protocol };
    case 'expired':
      return { keptUntil: event.meta.at };
    case 'abandoned':
      return row.keptUntil === null ? {} : { keptUntil: event.meta.at };
    default:
      return nothing;
  }
};

const nothing: Partial<TransferRecord> = {};

const reasonOf = (row: TransferRecord, event: TransferEvent): string | null => {
  switch (event.type) {
    case 'held':
    case 'abandoned':
      return event.data.reason;
    case 'stepFailed':
      return event.data.text;
    case 'purged':
    case 'confirmed':
    case 'repeated':
    case 'reported':
    case 'viewChanged':
      return row.reason;
    default:
      return null;
  }
};

/** Own travelling events are owed to the peer; an event of the peer proves that it has all of ours before it. */
const tell = (here: Here, row: Draft, event: TransferEvent): void => {
  const { origin, originSeq, at } = event.meta;
  if (originSeq === undefined) return;
  if (origin !== here.node) {
    row.acked = row.ownSeq;
    row.tellAt = null;
    row.tellTries = 0;
    return;
  }
  row.ownSeq = originSeq;
  // The outbox reads the stream itself, so the peer may have an event before this row knows of it.
  if (originSeq > row.acked) row.tellAt ??= at;
};

/** Whoever has not heard our OK may come again, and finds the file in its place as after the first OK. */
const shownUntil = ({ keepFor }: Here, { unheard, createdAt }: Draft, { meta: { at } }: TransferEvent): number =>
  unheard ? Math.max(at + keepFor, createdAt + repeatWindow) : at + keepFor;

/** Which step is this server's to run, and when. */
const plan = (here: Here, row: Draft, event: TransferEvent): void => {
  const asBefore = row.step === 'purge' && event.type !== 'repeated' && event.type !== 'confirmed';
  if (row.ended && asBefore && !row.purged && row.ownsPayload) return;
  const [step, dueAt] = nextStep(here, row, event);
  row.step = step;
  row.dueAt = dueAt;
};

const nextStep = (here: Here, row: Draft, event: TransferEvent): readonly [string, number] | readonly [null, null] => {
  if (row.ended) {
    if (row.purged || !row.ownsPayload) return [null, null];
    return ['purge', row.keptUntil ?? shownUntil(here, row, event)];
  }
  const next = here.stepOf(row.scenario, row.state);
  if (next?.owner !== here.role) return [null, null];
  const wait = event.type === 'stepFailed' ? delayAfter(row.attempt, here.retries) : 0;
  return [next.step, row.keptUntil ?? event.meta.at + wait];
};
