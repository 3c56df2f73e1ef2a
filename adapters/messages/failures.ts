/** How failures travel through this adapter, and refusals across the link. */
import type { Either } from 'fp-ts/lib/Either.js';
import { z } from 'zod';
import { type Failure, permanent, type Refusal, type RefusalReason, refusal, temporary } from '../../domain/failure.ts';
import { decodeOne, encodeOne } from './codec.ts';
import { limits } from './limits.ts';

/** An error that carries its failure to the edge of the adapter. */
export const failing = (failure: Failure): Error => new Error(failure.text, { cause: failure });

/** The failure that an error carries; an unforeseen error is a broken link, which is worth another try. */
export const explain = (error: unknown): Failure => {
  const cause = error instanceof Error ? error.cause : undefined;
  if (typeof cause === 'object' && cause !== null && 'kind' in cause && cause.kind === 'failure')
    return cause as Failure;
  return temporary('linkBroken', `The link broke: ${wordsOf(error)}.`);
};

/** What an error says, without its stack. */
export const wordsOf = (error: unknown): string =>
  error instanceof Error ? error.message || ('code' in error ? String(error.code) : error.name) : String(error);

const statuses: Readonly<Record<RefusalReason, number>> = {
  badCredentials: 403,
  notPermitted: 403,
  notFound: 404,
  exists: 409,
  illegal: 409,
  notEmpty: 409,
  isDirectory: 409,
  notDirectory: 409,
  tooLarge: 413,
  badName: 400,
  invalid: 400,
  busy: 429,
  noSpace: 429,
  unavailable: 429,
  tooManySessions: 429,
  tooManyAttempts: 429,
};

const wire = z.strictObject({
  reason: z.enum(Object.keys(statuses) as RefusalReason[]),
  text: z.string().max(limits.text),
});

const passing: readonly RefusalReason[] = ['busy', 'unavailable', 'noSpace'];

/** A whole answer to a request. */
export type Reply = { readonly status: number; readonly body: Uint8Array };

/** A refusal on the wire. */
export const refusalReply = ({ reason, text }: Refusal): Reply => ({
  status: statuses[reason],
  body: encodeOne({ reason, text: text.slice(0, limits.text) }),
});

/** A handler's answer on the wire where there is nothing to say but that it is done. */
export const outcomeReply = (result: Either<Refusal, void>): Reply =>
  result._tag === 'Left' ? refusalReply(result.left) : { status: 200, body: new Uint8Array() };

/** What an answer other than a success means to the one who asked: a refusal lasts, unless its reason passes by itself. */
export const failureOf = (node: string, { status, body }: Reply): Failure => {
  const said = refusalIn(body);
  if (status < 400 || status > 499 || said === undefined)
    return temporary('peerFailed', `${node} could not do what it was asked (${status}); its log says why.`);
  return (passing.includes(said.reason) ? temporary : permanent)(said.reason, said.text);
};

const refusalIn = (body: Uint8Array): Refusal | undefined => {
  try {
    const { reason, text } = wire.parse(decodeOne(body));
    return refusal(reason, text);
  } catch {
    return undefined;
  }
};
