/** A partner that reads a file which we provide: it is picked up once it was read to its end. */
import { isLeft, right } from 'fp-ts/lib/Either.js';
import type { Download } from '../domain/intake.ts';
import type { Who } from '../domain/transfer/vocabulary.ts';
import type { HomeRow } from '../projections/home.ts';
import type { Streams } from './streams.ts';

/** What it rests on. `reading` counts who reads a transfer's file now: it is not replaced meanwhile. */
export type PickUpNeeds = { readonly streams: Streams; readonly reading: Map<string, number> };

/** Watches a download of a provided file; any other is as it was. */
export const watchPickUp = (
  { streams, reading }: PickUpNeeds,
  row: HomeRow,
  file: Download,
  by: Who,
  protocol: string,
): Download => {
  const { id, afterPickUp } = row;
  if (id === null || afterPickUp === null) return file;
  let [next, whole, open] = [undefined as number | undefined, file.size === 0, true];
  reading.set(id, (reading.get(id) ?? 0) + 1);
  const leave = (): void => {
    if (!open) return;
    open = false;
    const others = (reading.get(id) ?? 1) - 1;
    if (others === 0) reading.delete(id);
    else reading.set(id, others);
  };
  return {
    size: file.size,
    sha256: file.sha256,
    read: (offset, length) => async () => {
      const bytes = await file.read(offset, length)();
      if (isLeft(bytes)) return bytes;
      // A resumed download begins later; what counts is that it went on from there to the end.
      if (next === undefined || offset === next) next = offset + bytes.right.length;
      whole ||= next >= file.size;
      return bytes;
    },
    close: async (options) => {
      await file.close(options);
      try {
        if (!open || !whole || options?.taken !== true) return;
        const recorded = await streams.record(id, 'pickUp', (folded) =>
          right(
            folded?.state === 'provided'
              ? [{ type: 'pickedUp', data: { by, protocol, kept: afterPickUp === 'keep' } }]
              : [],
          ),
        );
        // The partner must not take it for picked up where that is not on record.
        if (isLeft(recorded)) throw new Error(`a pick-up could not be recorded: ${recorded.left.text}`);
      } finally {
        leave();
      }
    },
  };
};
