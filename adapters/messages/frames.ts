/** A head and a body of unknown length on one stream: pieces, each after its length, and at the orderly end a length of 0. */
import type { Http2Stream } from 'node:http2';
import type { Body } from '../../domain/exchange.ts';

const end = Buffer.alloc(4);
/** Up to here it is cheaper to copy bytes than to write twice. */
const small = 4096;
/** So many buffers at most are put together. */
const most = 16;

const lengthOf = (piece: Uint8Array): Buffer => {
  const length = Buffer.allocUnsafe(4);
  length.writeUInt32BE(piece.length);
  return length;
};

/**
 * Writes a head and then a body, as fast as they are taken; what there is at once goes in one write, and nothing waits for
 * more. Stops where nobody takes any. Throws where the body breaks off: then the end is missing.
 */
export const pour = async (stream: Http2Stream, head: Uint8Array, body: Body): Promise<void> => {
  let wake = (): void => undefined;
  const woken = (): void => wake();
  stream.on('drain', woken).once('close', woken);
  const source = body[Symbol.asyncIterator]();
  let kept: Uint8Array[] = [lengthOf(head), head];
  const flush = (): boolean => {
    const all = Buffer.concat(kept);
    kept = [];
    return all.length === 0 || isGone(stream) || stream.write(all);
  };
  try {
    for (;;) {
      const next = await (kept.length === 0 ? source.next() : soon(source.next(), flush));
      if (isGone(stream)) return;
      if (next.done === true) {
        stream.end(Buffer.concat([...kept, end]));
        return;
      }
      const piece = next.value;
      if (piece.length === 0) continue;
      kept.push(lengthOf(piece));
      let goesOn = true;
      if (piece.length <= small) {
        kept.push(piece);
        if (kept.length >= most) goesOn = flush();
      } else {
        stream.cork();
        flush();
        goesOn = stream.write(piece);
        stream.uncork();
      }
      if (!goesOn && !isGone(stream))
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  } finally {
    stream.off('drain', woken).off('close', woken);
    // not waited for: the source may be waiting for something that never comes
    void Promise.resolve(source.return?.()).catch(() => undefined);
  }
};

const isGone = ({ destroyed, closed }: Http2Stream): boolean => destroyed || closed;

/** Waits, and says so where that takes longer than what runs already. */
const soon = async <A>(promise: Promise<A>, late: () => unknown): Promise<A> => {
  let settled = false;
  const isLate = (): boolean => !settled;
  const done = promise.finally(() => {
    settled = true;
  });
  done.catch(() => undefined);
  await new Promise<void>((resolve) => setImmediate(resolve));
  if (isLate()) late();
  return done;
};

/** What `pour` writes, as it is read. `isWhole`: the end has come. */
export type Frames = {
  readonly head: (longest: number) => Promise<Uint8Array>;
  readonly body: Body;
  readonly isWhole: () => boolean;
};

/** Reads what `pour` writes. */
export const framesOf = (stream: Http2Stream): Frames => {
  const chunks = (stream as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);
  let whole = false;
  const more = async (): Promise<void> => {
    const next = await chunks.next();
    if (next.done === true) throw new Error('it broke off before its end');
    rest = rest.length === 0 ? next.value : Buffer.concat([rest, next.value]);
  };
  const take = async (length: number): Promise<Buffer> => {
    while (rest.length < length) await more();
    const taken = rest.subarray(0, length);
    rest = rest.subarray(length);
    return taken;
  };
  const nextLength = async (): Promise<number> => (await take(end.length)).readUInt32BE();
  async function* body(): AsyncGenerator<Uint8Array, void> {
    for (let left = await nextLength(); left > 0; left = await nextLength())
      while (left > 0) {
        if (rest.length === 0) await more();
        const piece = await take(Math.min(left, rest.length));
        left -= piece.length;
        yield piece;
      }
    whole = true;
    stream.resume();
  }
  return {
    head: async (longest) => {
      const length = await nextLength();
      if (length === 0 || length > longest) throw new Error(`its head has ${length} bytes`);
      return take(length);
    },
    body: body(),
    isWhole: () => whole,
  };
};
