/** The event log in a file of this server: SQLite in a thread of its own. */
import { left, right } from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { type LogFailure, permanent, temporary } from '../../domain/failure.ts';
import type { LoggedEvent } from '../../domain/ports.ts';
import { attempt } from '../shared/attempt.ts';
import { faultPoint } from '../shared/fault-point.ts';
import { startWorker, workerFile } from '../shared/worker.ts';
import { credits } from './credits.ts';
import { follow } from './follow.ts';
import { risingHead } from './head.ts';
import type { MovableLog } from './movable.ts';
import { bytesOf, largestEvent, ordinalOf, pack, packExpected, positionOf, unpack } from './packing.ts';
import type {
  AppendAnswer,
  HiddenAnswer,
  LogReady,
  LogRequest,
  LogResponse,
  LogWorkerData,
  Page,
  ReadRequest,
  RetainAnswer,
  StoredEvent,
} from './protocol.ts';

type Code = LogFailure['code'];
const failure = (code: Code, text: string): LogFailure => ({
  ...(code === 'unavailable' || code === 'outcomeUnknown' ? temporary(code, text) : permanent(code, text)),
  code,
});
const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** What may wait for the thread at once. */
const queueLimit = { events: 10_000, bytes: 64 * 1024 ** 2 };
/** They come to the thread at once, and go into one commit, if they are no longer than one page. */
const together = 256;
const longestStreamName = 512;

/**
 * Opens the log in `directory`. Rejects where it cannot be opened. After a failed commit or another I/O error it calls
 * `onFatal` once and refuses everything: appends that were under way are `outcomeUnknown` until it is opened again.
 */
export const embeddedEventLog = async (options: {
  readonly directory: string;
  readonly onFatal: (error: Error) => void;
  /** Only reads, beside the server or while none runs; an append is fatal. */
  readonly readOnly?: boolean;
}): Promise<MovableLog> => {
  let broken: string | undefined;
  const data: LogWorkerData = { directory: options.directory, readOnly: options.readOnly === true };
  const { ready, link } = await startWorker<LogReady, LogRequest, LogResponse>({
    file: workerFile(import.meta.url, 'embedded-worker'),
    data,
    onDeath: (error) => {
      broken = `the event log failed and must be opened again: ${error.message}`;
      head.close();
      options.onFatal(error);
    },
  });
  const head = risingHead(ready.head);
  const queue = credits(queueLimit);
  const whyNot = (): string => broken ?? 'the event log is closed';

  const append = async (request: Extract<LogRequest, { kind: 'append' }>): Promise<AppendAnswer> => {
    const answer = (await link.call(request)) as AppendAnswer;
    faultPoint('log.answer.after');
    if (answer.kind === 'appended') head.rise(answer.ordinal);
    return answer;
  };
  const readPage = async (request: ReadRequest): Promise<Page> => (await link.call(request)) as Page;
  const readPages = (
    limit: number,
    request: (last: StoredEvent | undefined, limit: number) => ReadRequest,
  ): TE.TaskEither<LogFailure, readonly LoggedEvent[]> =>
    pipe(
      attempt(
        async () => {
          const events: StoredEvent[] = [];
          for (let more = true; more; ) {
            const page = await readPage(request(events.at(-1), limit - events.length));
            events.push(...page.events);
            more = page.more;
          }
          return events;
        },
        (error) => temporary('unavailable', link.alive() ? textOf(error) : whyNot()),
      ),
      TE.bimap(
        (failed) => ({ ...failed, code: 'unavailable' as const }),
        (events) => events.map(unpack),
      ),
    );

  return {
    append:
      (stream, events, { expected }) =>
      async () => {
        const packed = events.map(pack);
        const sizes = packed.map(bytesOf);
        const amount = { events: packed.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
        const large = sizes.findIndex((size) => size > largestEvent);
        if (large >= 0)
          return left(
            failure('tooLarge', `event ${large} of the append to ${stream} is larger than ${largestEvent} bytes`),
          );
        if (!queue.allows(amount))
          return left(
            failure(
              'tooLarge',
              `the append to ${stream} has more than ${queueLimit.events} events or ${queueLimit.bytes} bytes`,
            ),
          );
        if (stream.length > longestStreamName)
          return left(failure('tooLarge', `a stream name is longer than ${longestStreamName} characters`));
        await queue.take(amount);
        try {
          if (!link.alive()) return left(failure('unavailable', whyNot()));
          const request = { kind: 'append', stream, events: packed, expected: packExpected(expected) } as const;
          return await pipe(
            attempt(
              () => append(request),
              (error) => temporary('outcomeUnknown', textOf(error)),
            ),
            TE.mapLeft((failed) => ({ ...failed, code: 'outcomeUnknown' as const })),
            TE.chainW((answer) =>
              answer.kind === 'refused'
                ? TE.left(failure(answer.code, answer.text))
                : TE.right({ revision: BigInt(answer.revision), position: positionOf(answer.ordinal) }),
            ),
          )();
        } finally {
          queue.give(amount);
        }
      },
    readStream: (stream, { from = 0n, limit = Number.POSITIVE_INFINITY } = {}) =>
      readPages(limit, (last, rest) => ({
        kind: 'readStream',
        stream,
        from: last === undefined ? Number(from) : last[2] + 1,
        limit: rest,
      })),
    readAll: ({ after, limit = 1_000 } = {}) => {
      const start = ordinalOf(after);
      return readPages(limit, (last, rest) => ({ kind: 'readAll', after: last?.[0] ?? start, limit: rest }));
    },
    follow: (after, signal) =>
      follow(head, (last) => readPage({ kind: 'readAll', after: last, limit: 1_000 }), ordinalOf(after), signal),
    setRetention:
      (stream, { keepFrom }) =>
      async () => {
        if (!link.alive()) return left(failure('unavailable', whyNot()));
        try {
          const answer = (await link.call({ kind: 'retain', stream, keepFrom: Number(keepFrom) })) as RetainAnswer;
          return answer.kind === 'refused' ? left(failure(answer.code, answer.text)) : right(undefined);
        } catch (error) {
          return left(failure('outcomeUnknown', textOf(error)));
        }
      },
    hidden: () => async () => {
      try {
        const { streams } = (await link.call({ kind: 'hidden' })) as HiddenAnswer;
        return right(new Map(streams.map(([stream, keepFrom]) => [stream, BigInt(keepFrom)])));
      } catch (error) {
        return left(failure('unavailable', link.alive() ? textOf(error) : whyNot()));
      }
    },
    together,
    close: async () => {
      const closing = link.close();
      head.close();
      await closing;
    },
  };
};
