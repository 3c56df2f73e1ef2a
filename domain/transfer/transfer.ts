/** What a transfer's events have told so far: the context of its machine. */
import type { PayloadRef } from '../payload.ts';
import type { EventData, Source, Target, TransferEvent, Who } from './vocabulary.ts';

/** The facts of one transfer. Its state (where it is) is the machine's; this is what is known about it. */
export type Transfer = {
  readonly channel: string;
  /** As the partner or the latest step named it. */
  readonly name: string;
  /** The path in the partner's home under which it was delivered or last seen; null once removed from view. */
  readonly path: string | null;
  readonly modified?: number | undefined;
  readonly protocol?: string;
  readonly by?: Who;
  readonly payload?: PayloadRef;
  /** Inner's own copy of the payload, as the steps so far have made it. */
  readonly copy?: PayloadRef;
  readonly target?: Target;
  /** Where dmz gets it from, and what becomes of it there. */
  readonly source?: Source;
  readonly parent?: EventData<'created'>['parent'];
  readonly profile?: string;
  /** How many of the profile's steps are done. */
  readonly stepsDone: number;
  readonly responses: readonly string[];
  /** What a step has taken it apart into. */
  readonly parts: readonly string[];
  readonly prepared?: EventData<'prepared'>;
  readonly placed?: EventData<'placed'> & { readonly run: number };
  readonly final?: string;
  readonly inline: boolean;
  /** The node that faces the partner. */
  readonly dmz?: string;
  /** How often a person has retried or released. */
  readonly run: number;
  /** Failed tries of the present state's step (in a profile: of its present step) in this run. */
  readonly attempt: number;
  readonly lastFailure?: EventData<'stepFailed'> & { readonly at: number };
  readonly held?: EventData<'held'>;
  readonly viewChanges: number;
  /** Does the partner know that we have it? False until it went on after our OK. */
  readonly heard: boolean;
  /** How often it was delivered again by a partner that did not. */
  readonly repeats: number;
  /** The transfers that brought reports on it. */
  readonly reports: readonly string[];
  readonly purged: boolean;
  /** The last originSeq of each origin. */
  readonly seqs: Readonly<Record<string, number>>;
  readonly createdAt: number;
  readonly updatedAt: number;
};

/** For so long after its arrival a file that comes again is a repeat, where the partner has not heard our OK; milliseconds. */
export const repeatWindow = 86_400_000;

/** A transfer of which nothing has been told yet. */
export const unborn: Transfer = {
  channel: '',
  name: '',
  path: null,
  stepsDone: 0,
  responses: [],
  parts: [],
  inline: false,
  run: 0,
  attempt: 0,
  viewChanges: 0,
  heard: false,
  repeats: 0,
  reports: [],
  purged: false,
  seqs: {},
  createdAt: 0,
  updatedAt: 0,
};

/** Adds what one event tells. Total: what an event means for the state is the machine's business. */
export const evolve = (before: Transfer, event: TransferEvent): Transfer => {
  const { meta } = event;
  const transfer: Transfer = {
    ...before,
    updatedAt: meta.at,
    createdAt: before.createdAt === 0 ? meta.at : before.createdAt,
    seqs: meta.originSeq === undefined ? before.seqs : { ...before.seqs, [meta.origin]: meta.originSeq },
  };
  const moved: Transfer = { ...transfer, attempt: 0 };
  switch (event.type) {
    case 'received': {
      const { channel, protocol, path, name, payload, modified, by } = event.data;
      return { ...moved, channel, protocol, path, name, payload, by, modified: modified ?? meta.at, dmz: meta.origin };
    }
    case 'created': {
      const { channel, parent } = event.data;
      const begun = { ...moved, channel, parent };
      if (event.data.scenario === 'processAgain' || event.data.scenario === 'processPart') {
        const { payload, name } = event.data;
        const profile = 'profile' in event.data ? event.data.profile : undefined;
        return { ...begun, payload, name, ...(profile !== undefined && { profile }) };
      }
      if (event.data.scenario !== 'cronGet') {
        const { payload, target } = event.data;
        const dmz = 'dmz' in event.data ? { dmz: event.data.dmz } : {};
        return { ...begun, ...dmz, payload, target, name: target.name };
      }
      const { source, profile, dmz } = event.data;
      return { ...begun, source, profile, dmz, name: source.name, modified: source.modified };
    }
    case 'requested':
    case 'staged':
    case 'pickedUp':
    case 'expired':
      return moved;
    case 'placed':
      return { ...transfer, placed: { ...event.data, run: meta.run } };
    case 'provided':
      return { ...moved, path: event.data.path };
    case 'forwarded':
      return { ...moved, inline: event.data.inline };
    case 'fetched':
      return { ...moved, copy: event.data.payload };
    case 'matched':
      return { ...transfer, profile: event.data.profile };
    case 'stepDone': {
      const { index, payload: copy, name, parts } = event.data;
      const changed = { ...(copy && { copy }), ...(name !== undefined && { name }), ...(parts && { parts }) };
      return { ...moved, stepsDone: index + 1, ...changed };
    }
    case 'processed':
      return { ...moved, responses: event.data.responses, parts: event.data.parts ?? before.parts };
    case 'prepared':
      return { ...moved, prepared: event.data };
    case 'sent':
      return { ...moved, final: event.data.final };
    case 'acknowledged':
      return moved;
    case 'stepFailed':
      return { ...transfer, attempt: before.attempt + 1, lastFailure: { ...event.data, at: meta.at } };
    case 'held':
      return { ...transfer, held: event.data };
    case 'released':
    case 'retried': {
      const { held: _, ...rest } = moved;
      return { ...rest, run: before.run + 1 };
    }
    case 'abandoned':
      return transfer;
    case 'confirmed':
      return { ...transfer, heard: true };
    case 'repeated':
      return { ...transfer, repeats: before.repeats + 1 };
    case 'reported':
      return { ...transfer, reports: [...before.reports, event.data.report] };
    case 'viewChanged':
      return {
        ...transfer,
        path: event.data.path,
        modified: event.data.modified ?? before.modified,
        viewChanges: before.viewChanges + 1,
      };
    case 'purged':
      return { ...transfer, purged: true };
  }
};
