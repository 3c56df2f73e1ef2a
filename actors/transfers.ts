/** The supervisor: due rows become live actors, within limits. Waiting costs a row, not an actor. */
import { isLeft } from 'fp-ts/lib/Either.js';
import { createActor } from 'xstate';
import type { Clock, Log, Projection, ReadModels } from '../domain/ports.ts';
import type { Role } from '../domain/role.ts';
import { delayAfter } from '../domain/transfer/decide.ts';
import type { Folded } from '../domain/transfer/fold.ts';
import type { TransferRecord } from '../projections/transfers.ts';
import type { Projector } from './projector.ts';
import type { StepNeeds } from './step.ts';
import { laneOf, liveTransfer, stepFor, waitsForPartners } from './transfer.ts';
import { orThrow } from './unwrap.ts';

/** What the supervisor rests on. */
export type SupervisorNeeds = StepNeeds & {
  readonly models: ReadModels;
  readonly projection: Projection<TransferRecord>;
  readonly projector: Projector;
  readonly clock: Clock;
  readonly log: Log;
  readonly role: Role;
  /** Live actors at the same time in each lane of steps. */
  readonly most: number;
};

/** The running supervisor. */
export type Supervisor = {
  /** Stops starting actors and answers when the live ones have rested; after `graceMs` they are stopped. */
  stop(graceMs: number): Promise<void>;
};

const postponedFor = 5_000;
const purgePostponedFor = 600_000;
const brokenFor = 60_000;
const tellAgainAfter = 3_600_000;
const mostTold = 100;

/** A transfer that has its place; until its stream is read there is no actor to stop. */
type Live = { readonly lane: string; readonly channel: string; readonly stop: () => void };

/** Of the places of a lane that waits for partners, so many are one partner's: a dead one blocks nobody else. */
const mostPerPartner = 4;
/** Due rows are looked through in pages, so far at most, for such whose partner has a place left. */
const mostPages = 50;

/** Starts the supervisor. */
export const superviseTransfers = (needs: SupervisorNeeds): Supervisor => {
  const { models, projection, projector, clock, log, role } = needs;
  const live = new Map<string, Live>();
  const lanes = [...new Set(Object.keys(needs.steps).map(laneOf))];
  const told = new Map<string, number>();
  let stopped = false;
  let looking = false;
  let again = false;
  let cancelTimer: () => void = () => undefined;
  let rested: () => void = () => undefined;

  const finish = async (id: string, postpone: number, reason?: string): Promise<void> => {
    if (postpone > 0)
      await projector.mark(projection, id, (row) =>
        row.dueAt === null ? row : { ...row, dueAt: clock.now() + postpone, reason: reason ?? row.reason },
      );
    const shown = await projector.settled(needs.streams.position());
    live.delete(id);
    if (live.size === 0) rested();
    if (shown) look();
    else lookLater();
  };

  /** Rows that show what was are not looked at again at once: they would be found due again and again. */
  const lookLater = (): void => {
    cancelTimer();
    if (!stopped) cancelTimer = clock.after(postponedFor, look);
  };

  /** How long a transfer still has to wait after its last failure. Its row says so, too, but may lag behind where the disk is full. */
  const backOff = ({ ended, transfer: { attempt, lastFailure } }: Folded): number =>
    ended || attempt === 0 || lastFailure === undefined
      ? 0
      : lastFailure.at + delayAfter(attempt, needs.retries) - clock.now();

  const start = async (row: TransferRecord): Promise<void> => {
    const loaded = await needs.streams.load(row.id);
    if (isLeft(loaded) || loaded.right === undefined || stopped) {
      await finish(row.id, isLeft(loaded) ? postponedFor : 0);
      return;
    }
    const folded = loaded.right;
    const early = Number(folded.revision) > row.revision ? backOff(folded) : 0;
    if (early > 0) {
      await finish(row.id, early);
      return;
    }
    const first = row.step === 'purge' && folded.ended ? 'purge' : stepFor(folded, role);
    const actor = createActor(liveTransfer, { input: { needs, role, folded, first } });
    live.set(row.id, { lane: laneOf(row.step ?? ''), channel: row.channel, stop: () => actor.stop() });
    actor.subscribe({
      complete: () => {
        const end = actor.getSnapshot();
        const { waitsFor } = end.context;
        if (waitsFor?.code === 'noSpace') tellOfWait(waitsFor.text);
        const again = first === 'purge' ? purgePostponedFor : postponedFor;
        const postponed = end.context.folded.revision === folded.revision && first !== undefined;
        void settle(row.id, end.value === 'broken' ? brokenFor : postponed ? again : 0, waitsFor?.text);
      },
      error: (error) => log.alarm('a step is broken', { transfer: row.id, step: first ?? '', error: String(error) }),
    });
    actor.start();
  };

  const settle = (id: string, postpone: number, reason?: string): Promise<void> =>
    finish(id, postpone, reason).catch((error: unknown) => {
      live.delete(id);
      if (stopped) return;
      log.error('the supervisor could not settle a transfer', { transfer: id, error: String(error) });
      cancelTimer();
      cancelTimer = clock.after(postponedFor, look);
    });

  /** Many wait for the same; a person need not hear it of each. */
  const tellOfWait = (why: string): void => {
    const last = told.get(why);
    if (last !== undefined && clock.monotonic() - last < tellAgainAfter) return;
    if (told.size >= mostTold) told.clear();
    told.set(why, clock.monotonic());
    log.alarm('transfers wait for room, and go on by themselves when there is some', { why });
  };

  /** The due rows of a lane for which there is room, oldest first. */
  const choose = async (lane: string, now: number): Promise<readonly TransferRecord[]> => {
    const busy = [...live.values()].filter((each) => each.lane === lane);
    const counts = new Map<string, number>();
    for (const { channel } of busy) counts.set(channel, (counts.get(channel) ?? 0) + 1);
    const most = waitsForPartners(lane) ? mostPerPartner : needs.most;
    const chosen: TransferRecord[] = [];
    const page = needs.most * 2;
    for (let looked = 0; busy.length + chosen.length < needs.most && looked < mostPages; looked += 1) {
      const where = { lane, dueAt: { from: 0, to: now } };
      const query = { where, orderBy: 'dueAt', limit: page, offset: looked * page };
      const rows = orThrow(await models.query(projection, query)());
      for (const row of rows) {
        const others = counts.get(row.channel) ?? 0;
        if (live.has(row.id) || others >= most || busy.length + chosen.length >= needs.most) continue;
        counts.set(row.channel, others + 1);
        chosen.push(row);
      }
      if (rows.length < page) break;
    }
    return chosen;
  };

  const lookOnce = async (): Promise<void> => {
    const now = clock.now();
    for (const lane of lanes)
      for (const row of await choose(lane, now)) {
        live.set(row.id, { lane, channel: row.channel, stop: () => undefined });
        void start(row).catch((error: unknown) => {
          log.alarm('a transfer could not be started', { transfer: row.id, error: String(error) });
          void settle(row.id, brokenFor);
        });
      }
    const [next] = orThrow(
      await models.query(projection, { where: { dueAt: { from: now + 1 } }, orderBy: 'dueAt', limit: 1 })(),
    );
    cancelTimer();
    if (next?.dueAt !== undefined && next.dueAt !== null && !stopped)
      cancelTimer = clock.after(Math.max(1, next.dueAt - clock.now()), look);
  };

  const look = (): void => {
    again = !stopped;
    if (looking) return;
    looking = true;
    void (async () => {
      while (again) {
        again = false;
        await lookOnce();
      }
    })()
      .catch((error: unknown) => {
        if (!stopped) {
          log.error('the supervisor could not look for due transfers', { error: String(error) });
          cancelTimer = clock.after(postponedFor, look);
        }
      })
      .finally(() => {
        looking = false;
      });
  };

  const subscription = projector.batches.subscribe(look);
  look();

  return {
    stop: (graceMs) => {
      stopped = true;
      cancelTimer();
      subscription.unsubscribe();
      if (live.size === 0) return Promise.resolve();
      return new Promise((resolve) => {
        const cancel = clock.after(graceMs, () => {
          for (const actor of live.values()) actor.stop();
          resolve();
        });
        rested = () => {
          cancel();
          resolve();
        };
      });
    },
  };
};
