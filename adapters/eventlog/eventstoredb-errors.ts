/** What an error of EventStoreDB, of its client or of the connection means for the call that met it. */
import type { LogFailure } from '../../domain/failure.ts';

/** The call has not ended within the time that it was given. */
export class TimedOut extends Error {}

/**
 * `final`: no other try will help. `absent`: nobody is there. `notDone`: somebody is, but certainly nothing was written.
 * `unknown`: it may have been written.
 * `renew`: is the connection of no more use? After a time-out only where nothing at all came over it meanwhile.
 */
export type Meaning =
  | { readonly kind: 'final'; readonly code: Extract<LogFailure['code'], FinalCode> }
  | { readonly kind: 'absent' | 'notDone' | 'unknown'; readonly renew: 'yes' | 'no' | 'ifSilent' };
type FinalCode = 'conflict' | 'streamDeleted' | 'tooLarge' | 'unauthorized';

const byType: Readonly<Record<string, FinalCode>> = {
  'wrong-expected-version': 'conflict',
  'stream-deleted': 'streamDeleted',
  'maximum-append-size-exceeded': 'tooLarge',
  'access-denied': 'unauthorized',
};

/** Numbers of gRPC statuses. */
const [deadlineExceeded, permissionDenied, resourceExhausted, unauthenticated] = [4, 7, 8, 16];

/** Nothing has left this machine. */
const nobodyThere =
  /No connection established|ECONNREFUSED|ENOTFOUND|EAI_AGAIN|Name resolution failed|Channel closed before call started/i;
/** The server says itself that it did not begin, or a cluster has no leader yet. */
const neverBegun = /Failed to discover|No leader info|Server Is Not Ready|Server Is Busy/i;

/** The meaning of an error: by its type and by its number, since not every error has both. */
export const meaningOf = (error: unknown): Meaning => {
  const { type, code } = error as { readonly type?: unknown; readonly code?: unknown };
  const text = textOf(error);
  const known = typeof type === 'string' ? byType[type] : undefined;
  if (known !== undefined) return { kind: 'final', code: known };
  if (code === permissionDenied || code === unauthenticated) return { kind: 'final', code: 'unauthorized' };
  // Servers from 25.1 on have an error for a single event that this client does not know.
  if (/MaximumAppend|maximum append/i.test(text)) return { kind: 'final', code: 'tooLarge' };
  if (code === resourceExhausted && /larger than max/i.test(text)) return { kind: 'final', code: 'tooLarge' };
  // The client goes to the leader by itself, if it is kept.
  if (type === 'not-leader') return { kind: 'notDone', renew: 'no' };
  if (error instanceof TimedOut || code === deadlineExceeded) return { kind: 'unknown', renew: 'ifSilent' };
  const kind = nobodyThere.test(text) ? 'absent' : neverBegun.test(text) ? 'notDone' : 'unknown';
  return { kind, renew: 'yes' };
};

/** Its text, without any user and password of a connection string. */
export const textOf = (error: unknown): string =>
  masked(error instanceof Error ? error.message : String(error)).slice(0, 300);

/** A text without what stands before an `@` in connection strings. */
export const masked = (text: string): string => text.replace(/(esdb(?:\+discover)?:\/\/)[^\s@/?]*@/gi, '$1***@');
