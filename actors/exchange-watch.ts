/** The time that an exchange may take, and the bytes of its bodies: watched alike on both servers. */
import type { Body } from '../domain/exchange.ts';
import type { Clock } from '../domain/ports.ts';
import type { Route } from '../domain/route.ts';

/** Why an exchange was ended: nothing moved, the service was late with its answer, it took too long, or somebody has gone. */
export type Ending = 'idle' | 'late' | 'long' | 'gone';

/** A watched exchange. `over` aborts at its end. */
export type Watch = {
  readonly over: AbortSignal;
  /** All of the request is with the service. */
  readonly asked: () => void;
  /** The bytes of the request as they pass: as many as its head announces, where it does. */
  readonly request: (body: Body, length: number | undefined) => Body;
  /** The service has begun its answer: its bytes as they pass. */
  readonly answer: (body: Body) => Body;
  readonly why: () => Ending | undefined;
  /** Do we wait for bytes of the request? */
  readonly isAsking: () => boolean;
  readonly end: (why?: Ending) => void;
};

/** More bytes came than may. */
export class TooMuch extends Error {}

type Limits = Pick<Route, 'maxRequest' | 'maxAnswer' | 'answerTimeout' | 'idleTimeout' | 'timeout'>;

/** Watches an exchange from its begin on; it ends, too, when `gone` aborts. */
export const watching = (clock: Clock, limits: Limits, gone: AbortSignal): Watch => {
  const over = new AbortController();
  let why: Ending | undefined;
  let moved = clock.monotonic();
  let phase: 'request' | 'waiting' | 'answer' = 'request';
  let [asking, wholeAsked] = [false, false];
  let cancel = (): void => undefined;
  const left = (): void => end('gone');
  const end = (reason: Ending = 'gone'): void => {
    if (over.signal.aborted) return;
    why = reason;
    cancel();
    cancelAll();
    gone.removeEventListener('abort', left);
    over.abort(reason);
  };
  const look = (): void => {
    cancel();
    const rest = moved + (phase === 'waiting' ? limits.answerTimeout : limits.idleTimeout) - clock.monotonic();
    if (rest <= 0) end(phase === 'waiting' ? 'late' : 'idle');
    else cancel = clock.after(rest, look);
  };
  const enter = (next: typeof phase): void => {
    if (over.signal.aborted || phase === 'answer') return;
    [phase, moved] = [next, clock.monotonic()];
    look();
  };
  const asked = (): void => {
    wholeAsked = true;
    enter('waiting');
  };
  const cancelAll = clock.after(limits.timeout, () => end('long'));
  gone.addEventListener('abort', left, { once: true });
  if (gone.aborted) left();
  else look();

  async function* passing(body: Body, most: number, on: (waits: boolean) => void): AsyncGenerator<Uint8Array, void> {
    let size = 0;
    on(true);
    for await (const piece of body) {
      on(false);
      size += piece.length;
      if (size > most) throw new TooMuch(`more than ${most} bytes`);
      moved = clock.monotonic();
      yield piece;
      moved = clock.monotonic();
      on(true);
    }
    on(false);
  }
  return {
    over: over.signal,
    asked,
    request: async function* (body, length) {
      let size = 0;
      const waits = (is: boolean): void => {
        asking = is;
      };
      for await (const piece of passing(body, limits.maxRequest, waits)) {
        size += piece.length;
        if (size > (length ?? size)) throw new Error('the request has more bytes than it announces');
        yield piece;
      }
      if (size < (length ?? size)) throw new Error('the request has fewer bytes than it announces');
      asked();
    },
    answer: (body) => {
      enter('answer');
      return passing(body, limits.maxAnswer, () => undefined);
    },
    why: () => why,
    isAsking: () => asking && !wholeAsked,
    end,
  };
};
