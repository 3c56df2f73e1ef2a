/** Sizes, durations and paths as people write them in config. */
import { z } from 'zod';

const sizes: Readonly<Record<string, number>> = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, TiB: 1024 ** 4 };
const durations: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

const quantity = (units: Readonly<Record<string, number>>, kind: string, example: string) => {
  const written = z.union([z.number().int().nonnegative(), z.string()]).meta({ 'x-kind': kind });
  return written.transform((value, context) => {
    if (typeof value === 'number') return value;
    const match = /^(\d+(?:\.\d+)?)\s*([A-Za-z]+)$/.exec(value.trim());
    const unit = match?.[2] === undefined ? undefined : units[match[2]];
    if (match?.[1] === undefined || unit === undefined) {
      context.addIssue({
        code: 'custom',
        message: `"${value}" is not understood; write ${example} (${Object.keys(units).join(', ')})`,
      });
      return z.NEVER;
    }
    return Math.round(Number(match[1]) * unit);
  });
};

/** Bytes: a number, or `1 MiB`. */
export const size = quantity(sizes, 'size', '"1 MiB"');

/** Milliseconds: a number, or `10m`. */
export const duration = quantity(durations, 'duration', '"10m"');

/** A path of this machine; a relative one counts from the config file's own directory, and only so marked settings are resolved. */
export const filePath = z.string().min(1).max(4096).meta({ 'x-kind': 'path' });

/** An amount of free disk space: a size, or a share of the disk such as `5 %`. */
export const freeAmount = z
  .union([z.number().int().nonnegative(), z.string()])
  .meta({ 'x-kind': 'size or share' })
  .transform((value, context): { readonly bytes: number } | { readonly share: number } => {
    const share = typeof value === 'string' ? /^(\d+(?:\.\d+)?)\s*%$/.exec(value.trim())?.[1] : undefined;
    if (share !== undefined && Number(share) < 100) return { share: Number(share) / 100 };
    const bytes = size.safeParse(value);
    if (bytes.success && share === undefined) return { bytes: bytes.data };
    context.addIssue({ code: 'custom', message: `"${value}" is not understood; write "1 GiB" or "5 %"` });
    return z.NEVER;
  });
