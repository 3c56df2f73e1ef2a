/** Answers of a call that go out one by one, no faster than the client takes them. */
import type { ServerWritableStream } from '@grpc/grpc-js';

export type Outflow<A> = {
  /** Settles when more may be sent; sends nothing once the client has gone. */
  readonly send: (answer: A) => Promise<void>;
  readonly gone: AbortSignal;
};

/** The outflow of a call; the one place that listens for its end. */
export const outflowOf = <Q, A>(call: ServerWritableStream<Q, A>): Outflow<A> => {
  const gone = new AbortController();
  let go: (() => void) | undefined;
  const wake = (): void => {
    go?.();
    go = undefined;
  };
  call.on('drain', wake);
  for (const end of ['cancelled', 'error', 'close'] as const)
    call.on(end, () => {
      gone.abort();
      wake();
    });
  return {
    gone: gone.signal,
    send: (answer) =>
      new Promise((resolve) => {
        if (gone.signal.aborted || call.write(answer)) {
          resolve();
          return;
        }
        go = resolve;
      }),
  };
};
