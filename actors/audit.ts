/** Audit queries: pages of transfers and of what else there was, by read models; their events from the log. */
import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js';
import {
  type AuditEntry,
  type AuditFilter,
  type AuditPage,
  type AuditPlace,
  auditEntry,
  says,
} from '../domain/audit.ts';
import type { Failure } from '../domain/failure.ts';
import { globMatches } from '../domain/glob.ts';
import type { Answer } from '../domain/intake.ts';
import type { EventLog, Position, Projection, Query, ReadModels, Row, Table } from '../domain/ports.ts';
import { transferOf, transferStream } from '../domain/transfer/event-id.ts';
import { type AuditRow, auditProjection } from '../projections/audit.ts';
import { channelAt } from '../projections/order.ts';
import type { TransferRecord } from '../projections/transfers.ts';
import type { Projector } from './projector.ts';
import { asRefusal } from './refusals.ts';
import { orThrow } from './unwrap.ts';

/** What the audit rests on. */
export type AuditNeeds = {
  readonly eventLog: EventLog;
  readonly models: ReadModels;
  readonly projection: Projection<TransferRecord>;
  readonly projector: Pick<Projector, 'settled'>;
  readonly streams: { readonly position: () => Position | undefined };
};

/** A transfer, or something else, of which events are told. */
type Story = Omit<AuditRow, 'to'> & {
  readonly to: number | undefined;
  readonly scenario: string | null;
  readonly state: string | null;
};

/** So many rows are looked at for one page; where few of them fit, the page ends before it is full. */
const mostLooked = 5_000;
const rowsAtOnce = 500;
const mostEntries = 2_000;
const mostEvents = 10_000;
const storiesAtOnce = 25;
const latestTime = 999_999_999_999_999;

/** Makes the audit. A page costs the same wherever it is, and however many transfers there are. */
export const auditing =
  (needs: AuditNeeds) =>
  (filter: AuditFilter): Answer<AuditPage> =>
  async () => {
    await needs.projector.settled(needs.streams.position());
    const entries: AuditEntry[] = [];
    // Few transfers have one beginning of their ids: they are one page.
    const limit = filter.transfer === undefined ? filter.limit : 2 * rowsAtOnce;
    let [looked, taken] = [0, 0];
    let chosen: Story[] = [];
    let place: AuditPlace | null = null;
    const tell = async (): Promise<Either<Failure, void>> => {
      const told = await Promise.all(chosen.map((story) => entriesOf(needs, story)));
      chosen = [];
      for (const each of told) {
        if (isLeft(each)) return each;
        const { text } = filter;
        if (text !== undefined && !each.right.some((entry) => says(entry, text))) continue;
        entries.push(...each.right);
        taken += 1;
      }
      return right(undefined);
    };
    for await (const story of stories(needs, filter)) {
      looked += 1;
      place = [story.at, story.key];
      if (fits(filter, story)) chosen.push(story);
      const full = taken + chosen.length >= limit || looked >= mostLooked;
      if (!full && chosen.length < storiesAtOnce) continue;
      const told = await tell();
      if (isLeft(told)) return left(asRefusal(told.left));
      if (taken >= limit || entries.length >= mostEntries || looked >= mostLooked)
        return right({ entries, taken, next: place });
    }
    const told = await tell();
    return isLeft(told) ? left(asRefusal(told.left)) : right({ entries, taken, next: null });
  };

const fits = ({ channel, scenario, state, protocol, name }: AuditFilter, story: Story): boolean =>
  (channel === undefined || channel === story.channel) &&
  (scenario === undefined || scenario === story.scenario) &&
  (state === undefined || state === story.state) &&
  (protocol === undefined || protocol === story.protocol) &&
  (name === undefined || globMatches(name, story.name ?? ''));

/** The story's events, oldest first. */
const entriesOf = async ({ eventLog }: AuditNeeds, story: Story): Promise<Either<Failure, readonly AuditEntry[]>> => {
  const limit = Math.min(mostEvents, (story.to ?? mostEvents) - story.from + 1);
  const events = await eventLog.readStream(story.stream, { from: BigInt(story.from), limit })();
  if (isLeft(events)) return events;
  const { scenario, state, channel, protocol, name } = story;
  const subject = { transfer: transferOf(story.stream) ?? null, scenario, state, channel, protocol, name };
  return right(events.right.map((event) => auditEntry(subject, event)));
};

/** All that may fit, in order of time, then key. */
async function* stories(needs: AuditNeeds, filter: AuditFilter): AsyncGenerator<Story, void> {
  if (filter.transfer !== undefined) {
    yield* ofTransfer(needs, filter.transfer);
    return;
  }
  const sign = filter.oldestFirst === true ? 1 : -1;
  const { scenario, state } = filter;
  const others = scenario === undefined && state === undefined;
  const sources = [
    paged(needs, needs.projection, 'createdAt', filter, ofRecord),
    ...(others ? [paged(needs, auditProjection, 'at', filter, ofOther)] : []),
  ];
  const heads = await Promise.all(sources.map((source) => source.next()));
  for (;;) {
    let first = -1;
    for (const [i, head] of heads.entries()) {
      const best = heads[first];
      if (head.done === true) continue;
      if (best === undefined || best.done === true || sign * compare(head.value, best.value) < 0) first = i;
    }
    const [head, source] = [heads[first], sources[first]];
    if (head === undefined || source === undefined || head.done === true) return;
    yield head.value;
    heads[first] = await source.next();
  }
}

const compare = (a: Story, b: Story): number => (a.at === b.at ? (a.key < b.key ? -1 : 1) : a.at - b.at);

/** The rows of a table from where the page begins, by an index over the time, or over channel and time. */
async function* paged<R extends Row>(
  { models }: AuditNeeds,
  table: Table<R>,
  time: 'createdAt' | 'at',
  filter: AuditFilter,
  storyOf: (row: R) => Story,
): AsyncGenerator<Story, void> {
  const { channel, from = 0, to = latestTime, oldestFirst } = filter;
  const orderBy = channel === undefined ? time : 'channelAt';
  const valueAt = (at: number): string | number => (channel === undefined ? at : channelAt(channel, at));
  const where = {
    [orderBy]: { from: valueAt(from), to: valueAt(to) },
    ...(filter.state === undefined ? {} : { state: filter.state }),
  };
  let { after } = filter;
  const limit = Math.min(rowsAtOnce, Math.max(storiesAtOnce, filter.limit));
  for (;;) {
    const behind: Pick<Query, 'after'> = after === undefined ? {} : { after: [valueAt(after[0]), after[1]] };
    const query = { where, orderBy, descending: oldestFirst !== true, limit, ...behind };
    const rows = orThrow(await models.query(table, query)()).map(storyOf);
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < limit) return;
    after = [last.at, last.key];
  }
}

const ofRecord = ({ id, createdAt, channel, scenario, state, protocol, name }: TransferRecord): Story => ({
  ...{ key: id, stream: transferStream(id), from: 0, to: undefined, at: createdAt },
  ...{ channel, scenario, state, protocol, name },
});

const ofOther = (row: AuditRow): Story => ({ ...row, scenario: null, state: null });

/** The transfer of this id, or those whose ids begin so. */
async function* ofTransfer({ models, projection }: AuditNeeds, id: string): AsyncGenerator<Story, void> {
  const keys = { from: id, to: `${id}~` };
  const rows = orThrow(await models.query(projection, { keys, limit: rowsAtOnce })());
  for (const row of rows) {
    const upload = orThrow(await models.get(auditProjection, [`upload-${row.id}`])());
    for (const each of upload.values()) yield ofOther(each);
    yield ofRecord(row);
  }
}
