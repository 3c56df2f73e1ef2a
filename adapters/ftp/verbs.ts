/** Every verb that is ours; HELP, MODE, NOOP, STRU and SYST are ftp-srv's. */
import type { Verb } from './dialogue.ts';
import { downloadVerbs } from './downloads.ts';
import { listingVerbs } from './listings.ts';
import { loginVerbs } from './login.ts';
import { nameVerbs } from './names.ts';
import { parameterVerbs } from './parameters.ts';
import { protectionVerbs } from './protection.ts';
import { uploadVerbs } from './uploads.ts';

/** The verbs by name. */
export const verbs: Readonly<Record<string, Verb>> = {
  ...loginVerbs,
  ...protectionVerbs,
  ...parameterVerbs,
  ...nameVerbs,
  ...listingVerbs,
  ...uploadVerbs,
  ...downloadVerbs,
};
