/** The events of one server, over the server's restarts. */
import { isLeft } from 'fp-ts/lib/Either.js';
import type { Control, EventLine, TransferStory } from '../../domain/control.ts';
import type { Clock } from '../../domain/ports.ts';
import { labels } from '../../domain/transfer/vocabulary.ts';
import { eventWords } from '../../domain/transfer/words.ts';

/** What a line of the feed tells. */
export type FeedLine = Pick<EventLine, 'transfer' | 'name' | 'type' | 'label' | 'origin' | 'at' | 'detail'>;

/** Milliseconds between two tries to connect; from a connection to reading what was missed; and that are read twice, to be sure. */
const times = { retry: 100, settle: 500, overlap: 5000 } as const;

/**
 * Calls back for each event that the server records from now on; some come twice. A server that was started again goes on
 * at once, before anybody can listen to it, so that after each connection what was recorded meanwhile is read from its list.
 */
export const followEvents = async (
  control: Control,
  clock: Clock,
  signal: AbortSignal,
  onEvent: (line: FeedLine) => void,
): Promise<void> => {
  let since = clock.now();
  while (!signal.aborted) {
    const connection = { caughtUp: false };
    const catchUp = async (): Promise<void> => {
      const lines = await missed(control, since);
      connection.caughtUp = lines !== undefined;
      for (const line of lines ?? []) onEvent(line);
    };
    const cancel = clock.after(times.settle, () => void catchUp());
    try {
      for await (const line of control.events(signal)) onEvent(line);
    } catch {
      // Not up yet, or just gone: the next turn tries again.
    }
    cancel();
    if (connection.caughtUp) since = clock.now() - times.overlap;
    await new Promise<void>((resolve) => void clock.after(times.retry, resolve));
  }
};

/** Calls on for each event once only, whichever server's feed brings it first; remembers the last 20,000. */
export const eachOnce = (onEvent: (line: FeedLine) => void): ((line: FeedLine) => void) => {
  const seen = new Set<string>();
  return (line) => {
    const key = [line.transfer, line.origin, line.type, line.at].join(' ');
    if (seen.has(key)) return;
    seen.add(key);
    for (const oldest of seen) {
      if (seen.size <= 20_000) break;
      seen.delete(oldest);
    }
    onEvent(line);
  };
};

const missed = async (control: Control, since: number): Promise<readonly FeedLine[] | undefined> => {
  const rows = await control.list({ limit: 1000 })();
  if (isLeft(rows)) return undefined;
  const lines: FeedLine[] = [];
  for (const { id } of rows.right.filter((row) => row.updatedAt >= since)) {
    const story = await control.show(id)();
    if (!isLeft(story)) lines.push(...linesOf(story.right).filter((line) => line.at >= since));
  }
  return lines.sort((a, b) => a.at - b.at);
};

const linesOf = ({ row, events }: TransferStory): readonly FeedLine[] =>
  events.map((event) => ({
    transfer: row.id,
    name: row.name,
    type: event.type,
    label: labels[event.type],
    origin: event.meta.origin,
    at: event.meta.at,
    detail: eventWords(event),
  }));
