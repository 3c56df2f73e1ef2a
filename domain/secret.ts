/** How config names a secret. */
import { z } from 'zod';
import { filePath } from './units.ts';

/** A secret: never in the config file itself, but in an environment variable or a file beside it. */
export const secret = z.union([z.strictObject({ env: z.string().min(1) }), z.strictObject({ file: filePath })], {
  error: 'write { env: NAME } or { file: path }; secrets do not stand in the config itself',
});
export type Secret = z.infer<typeof secret>;
