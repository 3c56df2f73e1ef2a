/** The event log in memory: the same rules, nothing durable, no timers. */
import { left, right } from 'fp-ts/lib/Either.js';
import { follow } from '../../adapters/eventlog/follow.ts';
import { risingHead } from '../../adapters/eventlog/head.ts';
import {
  bytesOf,
  largestEvent,
  ordinalOf,
  pack,
  packExpected,
  positionOf,
  unpack,
} from '../../adapters/eventlog/packing.ts';
import type { StoredEvent } from '../../adapters/eventlog/protocol.ts';
import { judge } from '../../adapters/eventlog/verdict.ts';
import { type LogFailure, permanent, temporary } from '../../domain/failure.ts';
import type { EventLog, LoggedEvent } from '../../domain/ports.ts';

/** Events are read again and again, and never change. */
const unpacked = new WeakMap<StoredEvent, LoggedEvent>();
const read = (event: StoredEvent): LoggedEvent => {
  const known = unpacked.get(event) ?? unpack(event);
  unpacked.set(event, known);
  return known;
};

const closed: LogFailure = { ...temporary('unavailable', 'the event log is closed'), code: 'unavailable' };

/**
 * Makes an event log in memory over `all`, in log order; given those of a closed log, and from which revision on its
 * streams are kept, it is that log opened again. What is hidden stays in it.
 */
export const memoryEventLog = (all: StoredEvent[] = [], kept = new Map<string, bigint>()): EventLog => {
  const streams = new Map<string, StoredEvent[]>();
  const store = (event: StoredEvent): void => {
    const stream = streams.get(event[1]);
    if (stream === undefined) streams.set(event[1], [event]);
    else stream.push(event);
  };
  all.forEach(store);
  const head = risingHead(all.length);

  return {
    append:
      (stream, events, { expected }) =>
      () => {
        const packed = events.map(pack);
        if (head.closed()) return Promise.resolve(left(closed));
        if (packed.some((event) => bytesOf(event) > largestEvent) || packed.length > 10_000) {
          const failed = { ...permanent('tooLarge', `an event for ${stream} is too large`), code: 'tooLarge' as const };
          return Promise.resolve(left(failed));
        }
        const before = streams.get(stream) ?? [];
        const verdict = judge(
          events.map(({ id }) => id),
          packExpected(expected),
          before.length - 1,
          (id) => {
            const found = before.find((event) => event[3] === id);
            return found && { ordinal: found[0], revision: found[2] };
          },
        );
        if (verdict.kind === 'conflict')
          return Promise.resolve(left({ ...permanent('conflict', `${stream}: ${verdict.text}`), code: 'conflict' }));
        const place = verdict.kind === 'already' ? verdict.place : undefined;
        if (place === undefined) {
          const added = packed.map((each, i): StoredEvent => [all.length + 1 + i, stream, before.length + i, ...each]);
          all.push(...added);
          added.forEach(store);
        }
        const { revision, ordinal } = place ?? {
          revision: (streams.get(stream) ?? []).length - 1,
          ordinal: all.length,
        };
        head.rise(all.length);
        return Promise.resolve(right({ revision: BigInt(revision), position: positionOf(ordinal) }));
      },
    readStream:
      (stream, { from: first = 0n, limit = Number.POSITIVE_INFINITY } = {}) =>
      () =>
        Promise.resolve(
          head.closed()
            ? left(closed)
            : right(
                (streams.get(stream) ?? [])
                  .filter(([, , revision]) => BigInt(revision) >= first && BigInt(revision) >= (kept.get(stream) ?? 0n))
                  .slice(0, limit)
                  .map(read),
              ),
        ),
    readAll: ({ after, limit = 1_000 } = {}) => {
      const start = ordinalOf(after);
      return () => Promise.resolve(head.closed() ? left(closed) : right(all.slice(start, start + limit).map(read)));
    },
    follow: (after, signal) =>
      follow(
        head,
        (last) => Promise.resolve({ kind: 'page', events: all.slice(last, last + 1_000), more: false }),
        ordinalOf(after),
        signal,
      ),
    setRetention:
      (stream, { keepFrom }) =>
      () => {
        if (head.closed()) return Promise.resolve(left(closed));
        const end = BigInt(streams.get(stream)?.length ?? 0);
        const from = keepFrom < end ? keepFrom : end;
        if (from > (kept.get(stream) ?? 0n)) kept.set(stream, from);
        return Promise.resolve(right(undefined));
      },
    close: () => {
      head.close();
      return Promise.resolve();
    },
  };
};
