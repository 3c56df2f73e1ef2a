/** Looks after files on their way in with which nobody goes on: first an alarm; what never became whole is later removed. */
import { isLeft } from 'fp-ts/lib/Either.js';
import type { Clock, Log, ReadModels } from '../domain/ports.ts';
import { type HomeRow, homeProjection } from '../projections/home.ts';
import type { Arrivals } from './arrivals.ts';
import { expireUpload, type Receiving } from './receive.ts';
import { orThrow } from './unwrap.ts';

/** What it rests on. Times are milliseconds since the upload was begun. */
export type UploadSweepNeeds = Receiving & {
  readonly models: ReadModels;
  readonly clock: Clock;
  readonly log: Log;
  readonly arrivals: Arrivals;
  readonly incomplete: { readonly alarmAfter: number; readonly expireAfter: number };
};

const page = 1_000;

/**
 * Makes the sweep. It raises one alarm an upload in the life of this process, and removes nothing that is being written,
 * nor a whole file that waits for its final name: for that the partner had its OK. Answers how many it removed.
 */
export const uploadSweep = (needs: UploadSweepNeeds): ((signal: AbortSignal) => Promise<number>) => {
  let alarmed: ReadonlySet<string> = new Set();
  return async (signal) => {
    const { clock, incomplete } = needs;
    const now = clock.now();
    const old = await olderThan(needs, now - Math.min(incomplete.alarmAfter, incomplete.expireAfter));
    const told = new Set<string>();
    let removed = 0;
    for (const row of old) {
      const [id, begun] = [row.id ?? '', row.begun ?? now];
      if (signal.aborted || needs.arrivals.sizeOf(id) !== undefined) continue;
      if (row.payload === null && begun <= now - incomplete.expireAfter) {
        const expired = await expireUpload(needs, id);
        if (!isLeft(expired)) removed += 1;
        continue;
      }
      if (begun > now - incomplete.alarmAfter) continue;
      if (!alarmed.has(id)) alarm(needs.log, row);
      told.add(id);
    }
    alarmed = told;
    if (removed > 0) needs.log.warn('removed uploads that were never completed', { removed });
    return removed;
  };
};

const olderThan = async ({ models }: UploadSweepNeeds, latest: number): Promise<readonly HomeRow[]> => {
  const rows: HomeRow[] = [];
  const where = { kind: 'upload', begun: { from: 0, to: latest } };
  for (;;) {
    const query = { where, orderBy: 'begun', limit: page, offset: rows.length };
    const found = orThrow(await models.query(homeProjection, query)());
    rows.push(...found);
    if (found.length < page) return rows;
  }
};

const alarm = (log: Log, { channel, path, begun, payload }: HomeRow): void => {
  const fields = { channel, path, begun: new Date(begun ?? 0).toISOString() };
  if (payload === null) log.alarm('an upload is incomplete; ask the partner to send the rest, or it expires', fields);
  else log.alarm('a file waits for its final name or its marker; ask the partner to rename it', fields);
};
