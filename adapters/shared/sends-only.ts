import { left } from 'fp-ts/lib/Either.js';
import { type Attempt, permanent } from '../../domain/failure.ts';
import type { PartnerSession } from '../../domain/partner.ts';

/** All that a session cannot do where files are only handed over. */
export const nothingElse = (over: string): Omit<PartnerSession, 'handOver' | 'close'> => {
  const text = `over ${over} files can only be sent; nothing at the server can be looked at`;
  const no = (): Attempt<never> => () => Promise.resolve(left(permanent('notPermitted', text)));
  return { list: no, look: no, read: no, write: no, rename: no, remove: no };
};
