/**
 * The only writer of streams on this server: every append to a stream goes through its queue, with the exact expected
 * revision. Here facts become events (origin, number, id, hash), and nothing that the table or the machine forbids is recorded.
 */
import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js';
import { hashed } from '../domain/chain.ts';
import { asRecorded } from '../domain/evolution.ts';
import { type Decision, type Failure, failing, permanent, type Refusal } from '../domain/failure.ts';
import type { Clock, EventLog, Expected, Ids, JsonObject, NewEvent, Position } from '../domain/ports.ts';
import type { Role } from '../domain/role.ts';
import { decode, encode } from '../domain/transfer/codec.ts';
import { eventName, transferStream } from '../domain/transfer/event-id.ts';
import { apply, begin, type Folded, fold, scenarioOf } from '../domain/transfer/fold.ts';
import type { Transfer } from '../domain/transfer/transfer.ts';
import type { EventType, Fact, TransferEvent } from '../domain/transfer/vocabulary.ts';
import { mayRecord, travels } from './roles.ts';

/** What a decision answers: the facts to record (none: nothing to do) and the step that found them. */
export type Deciding = (folded: Folded | undefined) => Decision<readonly Fact[]>;

/** A local fact of a stream that is no transfer's. */
export type LocalFact = { readonly type: string; readonly data: JsonObject };

/** The transfers' streams, and the local ones. */
export type Streams = {
  /** The transfer as it stands; undefined where there is none, failure `retired` where its events were purged. */
  load(id: string): Promise<Either<Failure, Folded | undefined>>;
  /** A transfer's events, oldest first. */
  events(id: string): Promise<Either<Failure, readonly TransferEvent[]>>;
  /** Decides on the present state and records, in the stream's turn. Answers the state after. */
  record(id: string, step: string, decide: Deciding): Promise<Either<Failure | Refusal, Folded | undefined>>;
  /** Runs in the stream's turn with the means to append events that are already made (the inbox). */
  inTurn<A>(id: string, work: (turn: Turn) => Promise<A>): Promise<A>;
  /** Appends local facts to a stream that is no transfer's. */
  recordLocal(stream: string, facts: readonly LocalFact[]): Promise<Either<Failure, void>>;
  /** Appends a local fact as this very revision; a `conflict` where another stands there. Harmless when repeated. */
  recordAt(stream: string, revision: bigint, fact: LocalFact): Promise<Either<Failure, void>>;
  /** Where the last append of this process stands, as far as it was told. */
  readonly position: () => Position | undefined;
  /** The same, after a look at what became of appends of which it was not told. */
  reached(): Promise<Either<Failure, Position | undefined>>;
};

/** One stream, held. */
export type Turn = {
  readonly folded: Folded | undefined;
  readonly stamp: (folded: Folded, step: string, fact: Fact) => TransferEvent;
  readonly append: (before: Folded, events: readonly TransferEvent[]) => Promise<Either<Failure, Folded>>;
};

/** Of an ended transfer only the last event is left. */
export const retired = permanent('retired', 'its events were purged: the time for which they are kept is over');

/** What the streams rest on. */
export type StreamsNeeds = {
  readonly log: EventLog;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly role: Role;
  readonly node: string;
};

const cached = 2_000;
const longestStream = 10_000;

/** The writer of this server's streams. */
export const openStreams = (needs: StreamsNeeds): Streams => {
  const { log, clock, ids, role, node } = needs;
  const queues = new Map<string, Promise<unknown>>();
  const cache = new Map<string, Folded>();
  let position: Position | undefined;
  /** Streams whose last append may stand, or not. */
  const doubtful = new Set<string>();
  const advance = (to: Position | undefined): void => {
    if (to !== undefined && (position === undefined || to > position)) position = to;
  };

  const inQueue = <A>(stream: string, work: () => Promise<A>): Promise<A> => {
    const result = (queues.get(stream) ?? Promise.resolve()).then(work);
    const tail = result.catch(() => undefined);
    queues.set(stream, tail);
    void tail.then(() => queues.get(stream) === tail && queues.delete(stream));
    return result;
  };

  const remember = (folded: Folded): Folded => {
    cache.delete(folded.id);
    cache.set(folded.id, folded);
    const oldest = cache.size > cached ? cache.keys().next().value : undefined;
    if (oldest !== undefined) cache.delete(oldest);
    return folded;
  };

  const events = async (id: string): Promise<Either<Failure, readonly TransferEvent[]>> => {
    const logged = await log.readStream(transferStream(id), { limit: longestStream })();
    if (isLeft(logged)) return logged;
    if ((logged.right[0]?.revision ?? 0n) > 0n) return left(retired);
    return right(logged.right.map(decode).filter((event) => event !== undefined));
  };

  const load = async (id: string): Promise<Either<Failure, Folded | undefined>> => {
    const known = cache.get(id);
    if (known !== undefined) return right(known);
    const read = await events(id);
    if (isLeft(read)) return read;
    const folded = fold(id, read.right);
    return right(folded && remember(folded));
  };

  const write = async (
    stream: string,
    batch: readonly NewEvent[],
    expected: Expected,
  ): Promise<Either<Failure, void>> => {
    const all = batch.map((event) => hashed(stream, asRecorded(event), ids.sha256));
    let done = await log.append(stream, all, { expected })();
    if (isLeft(done) && done.left.code === 'outcomeUnknown') done = await log.append(stream, all, { expected })();
    if (isLeft(done)) {
      if (done.left.code === 'outcomeUnknown') doubtful.add(stream);
      return done;
    }
    advance(done.right.position);
    return right(undefined);
  };

  const local = (fact: LocalFact, name: string): NewEvent => ({
    ...fact,
    id: ids.uuid(name),
    metadata: { origin: node, at: clock.now() },
  });

  const stamp = (folded: Folded, step: string, fact: Fact): TransferEvent => {
    const { transfer, scenario } = folded;
    const originSeq = travels(scenario, fact.type) ? { originSeq: (transfer.seqs[node] ?? 0) + 1 } : {};
    const attempt = timesBefore(transfer, fact.type);
    const meta = { origin: node, ...originSeq, at: clock.now(), run: transfer.run, attempt, step };
    return { ...fact, meta, id: ids.uuid(eventName(transferStream(folded.id), fact.type, meta)) };
  };

  const applyAll = (before: Folded, batch: readonly TransferEvent[]): Folded => {
    const after = batch.reduce((folded, event) => apply(folded, event, folded.revision + 1n), before);
    if (after.illegal.length === before.illegal.length) return after;
    throw new Error(`transfer ${before.id} cannot take ${after.illegal.slice(before.illegal.length).join(', ')}`);
  };

  const append = async (
    before: Folded,
    batch: readonly TransferEvent[],
    after = applyAll(before, batch),
  ): Promise<Either<Failure, Folded>> => {
    const done = await write(
      transferStream(before.id),
      batch.map(encode),
      before.revision < 0n ? 'noStream' : before.revision,
    );
    if (isLeft(done)) {
      cache.delete(before.id);
      return done;
    }
    return right(remember(after));
  };

  const appendFacts = (before: Folded, step: string, facts: readonly Fact[]): Promise<Either<Failure, Folded>> => {
    const stamped: TransferEvent[] = [];
    let folded = before;
    for (const fact of facts) {
      if (!mayRecord(role, folded, fact.type))
        throw new Error(`${role} may not record ${fact.type} of transfer ${folded.id} in ${folded.state}`);
      const event = stamp(folded, step, fact);
      stamped.push(event);
      folded = applyAll(folded, [event]);
    }
    return append(before, stamped, folded);
  };

  return {
    load: (id) => inQueue(transferStream(id), () => load(id)),
    events,
    record: (id, step, decide) =>
      inQueue(transferStream(id), async () => {
        const loaded = await load(id);
        if (isLeft(loaded)) return loaded;
        const decided = decide(loaded.right);
        if (isLeft(decided)) return decided;
        const first = decided.right[0];
        if (first === undefined) return loaded;
        const before = loaded.right ?? open(id, first);
        return appendFacts(before, step, decided.right);
      }),
    inTurn: (id, work) =>
      inQueue(transferStream(id), async () => {
        const loaded = await load(id);
        if (isLeft(loaded)) throw failing(loaded.left);
        return work({ folded: loaded.right, stamp, append: (before, batch) => append(before, batch) });
      }),
    recordLocal: (stream, facts) =>
      inQueue(stream, () =>
        write(
          stream,
          facts.map((fact) => local(fact, ids.fresh())),
          'any',
        ),
      ),
    recordAt: (stream, revision, fact) =>
      inQueue(stream, () =>
        write(stream, [local(fact, `${stream}/${revision}`)], revision === 0n ? 'noStream' : revision - 1n),
      ),
    position: () => position,
    reached: async () => {
      for (const stream of doubtful) {
        const read = await log.readStream(stream, { limit: longestStream })();
        if (isLeft(read)) return read;
        advance(read.right.at(-1)?.position);
        doubtful.delete(stream);
      }
      return right(position);
    },
  };
};

/** What makes an event's id differ from those of its kind before it. */
const timesBefore = ({ viewChanges, repeats, reports, attempt }: Transfer, type: EventType): number => {
  if (type === 'viewChanged') return viewChanges;
  if (type === 'reported') return reports.length;
  return type === 'repeated' ? repeats : attempt;
};

const open = (id: string, first: Fact): Folded => {
  const scenario = scenarioOf(first as TransferEvent);
  if (scenario === undefined) throw new Error(`${first.type} cannot open a transfer`);
  return begin(id, scenario);
};
