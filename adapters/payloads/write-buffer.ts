/** A run of bytes for one write to the disk. */
export type Block = { readonly offset: number; readonly bytes: Uint8Array; readonly cost: number };

/** Bytes taken over and not yet on the disk, in the order in which they came. */
export interface WriteBuffer {
  /** What it holds, blocks being written included; each piece counts for a little more than its bytes. */
  readonly held: number;
  push(offset: number, bytes: Uint8Array): void;
  /** The next block: neighbours in order become one, up to `blockSize`. */
  take(): Block | undefined;
  /** The block is on the disk. */
  done(block: Block): void;
  clear(): void;
}

const blockSize = 1024 * 1024;
/** What a piece costs beside its bytes, so that a million writes of one byte are bounded too. */
const pieceCost = 512;
/** Pieces below this are copied: they may be slices that keep a much larger buffer alive. */
const small = 4096;

/** An empty buffer. */
export const writeBuffer = (): WriteBuffer => {
  let pieces: { readonly offset: number; readonly bytes: Uint8Array }[] = [];
  let held = 0;
  return {
    get held() {
      return held;
    },
    push: (offset, bytes) => {
      const own = bytes.length < small ? new Uint8Array(bytes) : bytes;
      for (let at = 0; at < own.length; at += blockSize) {
        const piece = own.subarray(at, at + blockSize);
        pieces.push({ offset: offset + at, bytes: piece });
        held += piece.length + pieceCost;
      }
    },
    take: () => {
      const first = pieces[0];
      if (first === undefined) return undefined;
      let count = 0;
      let length = 0;
      for (const piece of pieces) {
        const fits = count === 0 || length + piece.bytes.length <= blockSize;
        if (!fits || piece.offset !== first.offset + length) break;
        length += piece.bytes.length;
        count += 1;
      }
      const run = pieces.splice(0, count).map((piece) => piece.bytes);
      return {
        offset: first.offset,
        bytes: count === 1 ? first.bytes : Buffer.concat(run, length),
        cost: length + count * pieceCost,
      };
    },
    done: (block) => {
      held -= block.cost;
    },
    clear: () => {
      pieces = [];
      held = 0;
    },
  };
};
