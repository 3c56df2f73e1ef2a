import type { EventLog, LoggedEvent } from '../domain/ports.ts';
import { orThrow } from './unwrap.ts';

const page = 1_000;

/** Every event of a stream, oldest first, a page at a time; none where there is no such stream. Throws what the log fails with. */
export const wholeStream = async function* (
  log: Pick<EventLog, 'readStream'>,
  stream: string,
): AsyncGenerator<LoggedEvent, void> {
  for (let from = 0n; ; from += BigInt(page)) {
    const events = orThrow(await log.readStream(stream, { from, limit: page })());
    yield* events;
    if (events.length < page) return;
  }
};
