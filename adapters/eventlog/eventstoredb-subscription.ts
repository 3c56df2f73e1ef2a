/** One subscription to the events of this log, pulled: nothing is read ahead beyond a bounded buffer. */
import type { ReadableOptions, TransformOptions } from 'node:stream';
import {
  type AllStreamRecordedEvent,
  START,
  type Position as StorePosition,
  streamNameFilter,
} from '@eventstore/db-client';
import type { Clock, LoggedEvent, Position } from '../../domain/ports.ts';
import { within } from './eventstoredb-calls.ts';
import type { EventStoreClient } from './eventstoredb-client.ts';
import { positionOf, storePositionOf, unpackFrom } from './eventstoredb-names.ts';
import { fillerType } from './movable.ts';

/** What comes, in the order of the log. `reached`: nothing of ours stands up to there. */
type Item =
  | { readonly kind: 'events'; readonly events: readonly LoggedEvent[] }
  | { readonly kind: 'reached'; readonly position: Position }
  | { readonly kind: 'caughtUp' };

/** A running subscription; `next` rejects where it has broken off. */
export type Subscribed = { next(): Promise<Item>; end(): void };

const mostEvents = 500;
/** What is read ahead; the side that is written to keeps its small default. */
const buffer: ReadableOptions & TransformOptions = { readableHighWaterMark: mostEvents };
/** A word from the server on how far it has come at least every so many times 32 events of others. */
const checkpointInterval = 32;

/** Subscribes after a position (exclusive). Until it has caught up, the server may be silent for `silence` milliseconds at most. */
export const subscribe = (
  client: EventStoreClient,
  options: {
    readonly prefix: string;
    readonly after: Position | undefined;
    readonly silence: number;
    readonly clock: Clock;
  },
): Subscribed => {
  const { prefix, after, silence, clock } = options;
  let taken = 0;
  let caughtUp = false;
  let broken: Error | undefined;
  let wake: () => void = () => undefined;
  /** What is no event, and after how many events it came. */
  const notes: { readonly after: number; readonly item: Item }[] = [];
  const note = (item: Item): void => {
    notes.push({ after: taken + stream.readableLength, item });
    wake();
  };
  const breakOff = (error: Error): void => {
    broken ??= error;
    wake();
  };
  const reached = (position: StorePosition): Promise<void> => {
    note({ kind: 'reached', position: positionOf(position) });
    return Promise.resolve();
  };
  const stream = client.subscribeToAll(
    {
      fromPosition: after === undefined ? START : storePositionOf(after),
      filter: streamNameFilter({
        prefixes: [prefix],
        checkpointInterval,
        checkpointReached: (_, position) => reached(position),
      }),
      requiresLeader: true,
    },
    buffer,
  );
  stream.on('error', breakOff);
  stream.on('end', () => breakOff(new Error('the server has ended the subscription')));
  stream.on('close', () => breakOff(new Error('the subscription has ended')));
  stream.on('caughtUp', () => note({ kind: 'caughtUp' }));
  stream.on('readable', () => wake());

  const readUpTo = (most: number): readonly LoggedEvent[] => {
    const events: LoggedEvent[] = [];
    for (let left = most; left > 0; left -= 1) {
      const read = stream.read() as { readonly event?: AllStreamRecordedEvent } | null;
      if (read === null) break;
      taken += 1;
      const event = unpackFrom(prefix, read.event);
      if (event !== undefined && event.type !== fillerType) events.push(event);
    }
    return events;
  };

  return {
    next: async () => {
      for (;;) {
        const first = notes[0];
        if (first !== undefined && first.after <= taken) {
          notes.shift();
          caughtUp ||= first.item.kind === 'caughtUp';
          return first.item;
        }
        const before = taken;
        const events = readUpTo(first === undefined ? mostEvents : Math.min(mostEvents, first.after - taken));
        if (events.length > 0) return { kind: 'events', events };
        if (taken > before) continue;
        if (broken !== undefined) throw broken;
        const more = new Promise<void>((resolve) => {
          wake = resolve;
        });
        await (caughtUp ? more : within(clock, silence, more));
      }
    },
    end: () => {
      breakOff(new Error('the subscription was ended'));
      stream.unsubscribe().catch(() => undefined);
    },
  };
};
