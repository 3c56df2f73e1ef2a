/** The bytes of a payload as they come from the peer, whichever side asked. */
import type { Http2Stream } from 'node:http2';
import { temporary } from '../../domain/failure.ts';
import type { Clock } from '../../domain/ports.ts';
import { failing, wordsOf } from './failures.ts';
import { limits } from './limits.ts';

/**
 * Exactly `expected` bytes; throws where they break off, are more, or none comes for 30 s, whether or not anybody has begun
 * to read. `done` is called when the reader has all or wants no more.
 */
export const bytesOf = (
  stream: Http2Stream,
  expected: number,
  options: { readonly node: string; readonly clock: Clock; readonly done: () => void },
): AsyncIterable<Uint8Array> => {
  let why = 'it was closed';
  const stall = (): (() => void) =>
    options.clock.after(limits.stall, () => {
      why = `no byte within ${limits.stall / 1000} s`;
      stream.destroy();
    });
  let cancel = stall();
  stream.once('close', () => cancel());
  return {
    async *[Symbol.asyncIterator]() {
      let got = 0;
      const chunks = (stream as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
      try {
        for (;;) {
          // only while we wait for the peer: a slow reader of ours is not its fault
          cancel();
          cancel = stall();
          const next = await chunks.next();
          cancel();
          if (next.done === true) break;
          got += next.value.length;
          if (got > expected) throw new Error('it sent more than it had announced');
          yield next.value;
        }
        // HTTP/2 ends a stream that was cut as politely as a whole one
        if (got !== expected) throw new Error(why);
      } catch (error) {
        throw failing(
          temporary(
            'linkBroken',
            `The payload from ${options.node} broke off after ${got} of ${expected} bytes: ${wordsOf(error)}.`,
          ),
        );
      } finally {
        cancel();
        options.done();
      }
    },
  };
};
