/** The audit: every event in one line that says who did what, when, on which node, caused by what. */
import type { LoggedEvent } from './event.ts';
import { decode } from './transfer/codec.ts';
import { labels, type TransferEvent, type Who, who } from './transfer/vocabulary.ts';
import { eventWords } from './transfer/words.ts';

/** What the line of an event takes from the transfer, or the upload, that it belongs to. */
export type AuditSubject = {
  readonly transfer: string | null;
  readonly scenario: string | null;
  readonly state: string | null;
  readonly channel: string | null;
  readonly protocol: string | null;
  readonly name: string | null;
};

/** One event. `at` is milliseconds since 1970 by the clock of `node`, which recorded it first. */
export type AuditEntry = AuditSubject & {
  readonly at: number;
  readonly node: string;
  readonly stream: string;
  readonly revision: number;
  readonly event: string;
  readonly login: string | null;
  readonly address: string | null;
  readonly fingerprint: string | null;
  /** The transfer, the run, the person's order or the step from which it came; null where nothing is known. */
  readonly cause: string | null;
  readonly detail: string;
};

/** Which events: those of transfers (and what else there was) that began in a span of time, both ends included. */
export type AuditFilter = {
  readonly channel?: string | undefined;
  readonly scenario?: string | undefined;
  readonly state?: string | undefined;
  readonly protocol?: string | undefined;
  /** A pattern of `*` and `?`. */
  readonly name?: string | undefined;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** An id, or its beginning. */
  readonly transfer?: string | undefined;
  /** Stands in a field of an event, in capital letters or small ones. */
  readonly text?: string | undefined;
  readonly oldestFirst?: boolean | undefined;
  /** So many transfers (or other things) at most in one page. */
  readonly limit: number;
  readonly after?: AuditPlace | undefined;
};

/** Behind which transfer a page ended. */
export type AuditPlace = readonly [at: number, key: string];

/** Some of the events; `next` is where to go on, null at the end. A page may be empty and not the last. */
export type AuditPage = {
  readonly entries: readonly AuditEntry[];
  /** Of how many transfers (or other things) these are. */
  readonly taken: number;
  readonly next: AuditPlace | null;
};

/** The line of an event. */
export const auditEntry = (subject: AuditSubject, logged: LoggedEvent): AuditEntry => {
  const event = subject.transfer === null ? undefined : decode(logged);
  const { at, origin } = logged.metadata;
  const { login = null, address = null, fingerprint = null } = doer(logged.data.by);
  return {
    ...subject,
    at: typeof at === 'number' ? at : 0,
    node: typeof origin === 'string' ? origin : '',
    stream: logged.stream,
    revision: Number(logged.revision),
    event: event === undefined ? logged.type : labels[event.type],
    ...{ login, address, fingerprint },
    cause: event === undefined ? null : causeOf(event),
    detail: event === undefined ? otherWords(logged) : eventWords(event),
  };
};

const doer = (by: unknown): Who => {
  if (typeof by === 'string') return { login: by };
  const found = who.safeParse(by);
  return found.success ? found.data : {};
};

const causeOf = ({ type, data, meta }: TransferEvent): string => {
  if (type === 'created' && data.parent !== undefined) return `transfer ${data.parent.transfer}`;
  if (type === 'created' && data.scenario === 'cronGet') return data.run === undefined ? 'run' : `run ${data.run}`;
  return meta.step === 'operator' ? 'order' : `step ${meta.step}`;
};

const mostWords = 500;

/** Of an event that no words are made for: its plain values. */
const otherWords = ({ data }: LoggedEvent): string =>
  Object.entries(data)
    .flatMap(([key, value]) =>
      key !== 'by' && (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
        ? [`${key} ${value}`]
        : [],
    )
    .join(', ')
    .slice(0, mostWords);

/** Does a text stand in one of its fields? */
export const says = (entry: AuditEntry, text: string): boolean => {
  const wanted = text.toLowerCase();
  return Object.values(entry).some((value) => typeof value === 'string' && value.toLowerCase().includes(wanted));
};
