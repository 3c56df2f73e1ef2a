import { createHash } from 'node:crypto';

/** SHA-256 of a file while it is written: exact up to a mark; what lies beyond the mark is fed from the disk. */
export interface ContentHash {
  /** Bytes from 0 on that are in the hash. */
  readonly mark: number;
  /** Were bytes below the mark overwritten? Then only `restart` and feeding everything again gives a hash. */
  readonly spoiled: boolean;
  /** These bytes are being written: taken in if they are the next ones. */
  wrote(offset: number, bytes: Uint8Array): void;
  /** The bytes at the mark, as read from the disk. */
  feed(bytes: Uint8Array): void;
  restart(): void;
  digest(): string;
}

/** The hash of nothing yet. */
export const contentHash = (): ContentHash => {
  let hash = createHash('sha256');
  let mark = 0;
  let spoiled = false;
  const feed = (bytes: Uint8Array): void => {
    hash.update(bytes);
    mark += bytes.length;
  };
  return {
    get mark() {
      return mark;
    },
    get spoiled() {
      return spoiled;
    },
    wrote: (offset, bytes) => {
      if (offset < mark) spoiled = true;
      else if (offset === mark && !spoiled) feed(bytes);
    },
    feed,
    restart: () => {
      hash = createHash('sha256');
      mark = 0;
      spoiled = false;
    },
    digest: () => hash.digest('hex'),
  };
};
