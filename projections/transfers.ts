/** One row a transfer: where it is, what is due here, and what the peer has not been told yet. */

import type { TransferRow } from '../domain/control.ts';
import { keyOf } from '../domain/payload.ts';
import type { LoggedEvent, Projection } from '../domain/ports.ts';
import type { Role } from '../domain/role.ts';
import { type SeenFile, seenKey } from '../domain/run.ts';
import { scenarios } from '../domain/scenarios/index.ts';
import { stateAfter } from '../domain/scenarios/scenario.ts';
import { decode } from '../domain/transfer/codec.ts';
import { delayAfter, type RetryPolicy } from '../domain/transfer/decide.ts';
import { transferOf } from '../domain/transfer/event-id.ts';
import { scenarioOf } from '../domain/transfer/fold.ts';
import { repeatWindow } from '../domain/transfer/transfer.ts';
import type { TransferEvent } from '../domain/transfer/vocabulary.ts';

/** A transfer as the supervisor and the outbox query it. `dueAt` and `tellAt` are wall-clock milliseconds, null for nothing to do. */
export type TransferRecord = TransferRow & {
  readonly heldFrom: string | null;
  readonly attempt: number;
  readonly revision: number;
  /** The step that is this server's to run, and when. */
  readonly step: string | null;
  readonly dueAt: number | null;
  readonly ownsPayload: boolean;
  /** Where the partner put it, and whether another delivery of the same would be a repeat: it has not heard our OK. */
  readonly path: string | null;
  readonly unheard: boolean;
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
  version: 8,
  indexes: {
    state: (row) => row.state,
    channel: (row) => row.channel,
    ended: (row) => (row.ended ? 1 : 0),
    createdAt: (row) => row.createdAt,
    id: (row) => row.id,
    lane: (row) => (row.step === null ? null : here.laneOf(row.step)),
    dueAt: (row) => row.dueAt,
    peer: (row) => row.peer,
    tellAt: (row) => row.tellAt,
    getting: (row) => (row.scenario === 'cronGet' && !row.ended ? row.channel : null),
    fetched: (row) => row.fetched,
    unheard: (row) => (row.unheard ? `${row.channel}\n${row.path ?? ''}\n${row.sha256}` : null),
  },
  keyOf: (event) => transferOf(event.stream),
  fold: (row, logged) => {
    const event = decode(logged);
    if (event === undefined) return row;
    const before = row ?? born(here, logged, event);
    if (before === undefined) return undefined;
    return due(here, told(here, moved(here, before, event, logged), event), event);
  },
});

const born = (here: Here, logged: LoggedEvent, event: TransferEvent): TransferRecord | undefined => {
  const scenario = scenarioOf(event);
  if (scenario === undefined || (event.type !== 'received' && event.type !== 'created')) return undefined;
  const { channel } = event.data;
  const { name, size, sha256 } = subjectOf(event);
  return {
    id: transferOf(logged.stream) ?? '',
    scenario,
    state: 'new',
    heldFrom: null,
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

const moved = (here: Here, row: TransferRecord, event: TransferEvent, logged: LoggedEvent): TransferRecord => {
  const scenario = scenarios[row.scenario];
  const state = scenario && stateAfter(scenario, row.state, row.heldFrom ?? undefined, event.type);
  if (scenario === undefined || state === undefined) return { ...row, revision: Number(logged.revision) };
  const freshTry = state !== row.state || event.type === 'retried' || event.type === 'stepDone';
  return {
    ...row,
    state,
    heldFrom: state === 'held' ? (row.heldFrom ?? row.state) : null,
    ended: scenario.ends.includes(state) || state === 'abandoned',
    attempt: event.type === 'stepFailed' ? row.attempt + 1 : freshTry && state !== 'held' ? 0 : row.attempt,
    reason: reasonOf(row, event),
    updatedAt: event.meta.at,
    revision: Number(logged.revision),
    purged: row.purged || event.type === 'purged',
    unheard: row.unheard && event.type !== 'confirmed',
    ...ownership(here, row, event),
  };
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
      return { size, sha256, fetched, ownsPayload: true };
    }
    case 'provided':
      return { keptUntil: event.data.until };
    case 'pickedUp':
      return event.data.kept ? {} : { keptUntil: event.meta.at };
    case 'expired':
      return { keptUntil: event.meta.at };
    case 'abandoned':
      return row.keptUntil === null ? {} : { keptUntil: event.meta.at };
    default:
      return {};
  }
};

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
    case 'viewChanged':
      return row.reason;
    default:
      return null;
  }
};

/** Own travelling events are owed to the peer; an event of the peer proves that it has all of ours before it. */
const told = (here: Here, row: TransferRecord, event: TransferEvent): TransferRecord => {
  const { origin, originSeq, at } = event.meta;
  if (originSeq === undefined) return row;
  if (origin !== here.node) return { ...row, acked: row.ownSeq, tellAt: null, tellTries: 0 };
  // The outbox reads the stream itself, so the peer may have an event before this row knows of it.
  return { ...row, ownSeq: originSeq, tellAt: originSeq <= row.acked ? row.tellAt : (row.tellAt ?? at) };
};

/** Whoever has not heard our OK may come again, and finds the file in its place as after the first OK. */
const shownUntil = (
  { keepFor }: Here,
  { unheard, createdAt }: TransferRecord,
  { meta: { at } }: TransferEvent,
): number => (unheard ? Math.max(at + keepFor, createdAt + repeatWindow) : at + keepFor);

const due = (here: Here, row: TransferRecord, event: TransferEvent): TransferRecord => {
  if (row.ended) {
    if (row.purged || !row.ownsPayload) return { ...row, step: null, dueAt: null };
    const asBefore = row.step === 'purge' && event.type !== 'repeated' && event.type !== 'confirmed';
    return asBefore ? row : { ...row, step: 'purge', dueAt: row.keptUntil ?? shownUntil(here, row, event) };
  }
  const next = here.stepOf(row.scenario, row.state);
  if (next?.owner !== here.role) return { ...row, step: null, dueAt: null };
  const wait = event.type === 'stepFailed' ? delayAfter(row.attempt, here.retries) : 0;
  return { ...row, step: next.step, dueAt: row.keptUntil ?? event.meta.at + wait };
};
