/** How full the disk may become: from which mark on new data is refused, and what is kept back for the log. */
import { z } from 'zod';
import { freeAmount, size } from './units.ts';

const mebibyte = 1024 * 1024;

/** The disk settings of a server. */
export const diskSettings = z
  .strictObject({
    mark: freeAmount
      .optional()
      .describe('New data is refused while less than this is free. Absent: 5 % or 256 MiB, whichever is smaller.'),
    logMark: freeAmount
      .optional()
      .describe(
        'While less than this is free, the reserve is given up, so that what was accepted goes on. Absent: a quarter of mark, which it never exceeds.',
      ),
    reserve: size.prefault('64 MiB').describe('A file of this size keeps room for the log and the purge; 0: none.'),
  })
  .prefault({});
export type DiskSettings = z.infer<typeof diskSettings>;

/** Room on the disk in bytes; `reserved` is the size of the reserve file. */
export type Room = { readonly free: number; readonly total: number; readonly reserved: number };

/** What the settings mean on a disk of this size, in free bytes. */
export const marksOf = (settings: DiskSettings, total: number): { readonly mark: number; readonly logMark: number } => {
  const of = (amount: DiskSettings['mark']): number | undefined =>
    amount === undefined ? undefined : 'bytes' in amount ? amount.bytes : Math.floor(total * amount.share);
  const mark = of(settings.mark) ?? Math.min(Math.floor(total / 20), 256 * mebibyte);
  return { mark, logMark: Math.min(mark, of(settings.logMark) ?? Math.floor(mark / 4)) };
};

/** What is free for data: what is missing of the reserve is not. */
export const usable = ({ free, reserved }: Room, settings: DiskSettings): number => free + reserved - settings.reserve;
