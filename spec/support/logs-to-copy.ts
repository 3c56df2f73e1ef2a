/** Logs that are copied in specs: an embedded one and one on the wire server, and what is in them. */
import { randomUUID } from 'node:crypto';
import { onTestFinished } from 'vitest';
import { embeddedEventLog } from '../../adapters/eventlog/embedded.ts';
import { eventStoreDb } from '../../adapters/eventlog/eventstoredb.ts';
import { prefixOf } from '../../adapters/eventlog/eventstoredb-names.ts';
import type { MovableLog } from '../../adapters/eventlog/movable.ts';
import { contentOf, eventsIn, keptIn } from '../../adapters/eventlog/reading.ts';
import { systemClock } from '../../adapters/shared/clock.ts';
import type { LogContent } from '../../adapters/shared/log-copy.ts';
import type { EventLog, NewEvent } from '../../domain/ports.ts';
import { chanceOf } from '../faults/chance.ts';
import { never, rightOf } from './event-log-under-test.ts';
import { silent } from './silent.ts';

/** The log in a data directory, until the test has finished or `close` is called. */
export const embeddedIn = async (directory: string): Promise<MovableLog> => {
  const log = await embeddedEventLog({ directory, onFatal: () => undefined });
  onTestFinished(() => log.close());
  return log;
};

/** The log of a node at a wire server. */
export const wireAt = (connectionString: string, node = 'inner-1'): MovableLog => {
  const log = eventStoreDb({ connectionString, prefix: prefixOf(node), clock: systemClock(), log: silent });
  onTestFinished(() => log.close());
  return log;
};

const [slots, longest] = [40, 6];
const types = ['received', 'forwarded', 'fetched', 'matched', 'processed', 'acknowledged'];

/** Writes so many events as a busy server does: transfers side by side, each in a stream of its own, a few events at a time. */
export const fill = async (log: EventLog, count: number, seed = 1): Promise<void> => {
  const chance = chanceOf(seed, 'events');
  let [written, begun] = [0, 0];
  const slot = async (): Promise<void> => {
    while (written < count) {
      begun += 1;
      const stream = `transfer-${begun}`;
      for (let end = 0; end < 2 * longest && written < count; ) {
        const events = Array.from({ length: Math.min(chance.whole(1, longest), count - written) }, (_, i) =>
          told(written + i),
        );
        written += events.length;
        rightOf(await log.append(stream, events, { expected: BigInt(end) - 1n })());
        end += events.length;
      }
    }
  };
  await Promise.all(Array.from({ length: slots }, slot));
};

const told = (n: number): NewEvent => ({
  id: randomUUID(),
  type: types[n % types.length] ?? 'received',
  data: { n, name: `ä "${n}"\u2028 😀`, payload: { size: n * 1e9, sha256: 'a'.repeat(64) }, list: [null, true, -0.5] },
  metadata: { origin: 'inner-1', originSeq: n, at: 1_700_000_000_000 + n, z: 1, a: 2 },
});

/** What a log holds. */
export const contentIn = async (log: MovableLog): Promise<LogContent> =>
  contentOf(eventsIn(log, await keptIn(log), never), () => undefined);
