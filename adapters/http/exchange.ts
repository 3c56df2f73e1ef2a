/** One request and its answer, and what belongs to them. */
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { type Either, isLeft } from 'fp-ts/lib/Either.js';
import type { Refusal } from '../../domain/failure.ts';
import type { Answer, Download, Session } from '../../domain/intake.ts';
import type { ListenerContext } from '../../domain/protocol.ts';
import { type Reply, refused } from './replies.ts';
import type { Target } from './target.ts';

/** The settings that exchanges go by; times in milliseconds. */
export type ExchangeSettings = {
  readonly protocol: string;
  readonly idleTimeout: number;
  readonly longestWait: number;
};

/** A request of somebody who is logged in. */
export type Exchange = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly context: ListenerContext;
  readonly settings: ExchangeSettings;
  readonly session: Session;
  readonly target: Target;
  /** Tells a client that waits for leave to send its body that it has it (`100 Continue`). */
  readonly proceed: () => void;
  /** Everything of the file was sent; whether the client has it is known only once more is heard of it. */
  readonly sent: (download: Download) => void;
  /** Sends the head of an answer. */
  readonly begin: (status: number, headers: OutgoingHttpHeaders) => void;
  /** Breaks the answer off, so that nobody takes it for whole. */
  readonly cut: () => void;
  /** Resolves once the client has what was written so far, where the protocol can tell; false where it did not want it. */
  readonly reached: () => Promise<boolean>;
};

/** A request of whom nobody knows yet who made it. */
export type Asked = Omit<Exchange, 'session' | 'target'> & {
  readonly sessionOf: (
    channels: readonly string[],
    authorization: string | undefined,
  ) => Promise<Either<Refusal, Session>>;
};

/** What an exchange comes to: an answer to be given, or undefined where it was given. */
export type Outcome = Promise<Reply | undefined>;

/** Goes on with what the intake answers, or tells why not. */
export const answered = async <A>(answer: Answer<A>, then: (value: A) => Outcome | Reply): Outcome => {
  const result: Either<Refusal, A> = await answer();
  return isLeft(result) ? refused(result.left) : then(result.right);
};

/** A header that may stand once; undefined where it does not. */
export const header = ({ request }: Pick<Exchange, 'request'>, name: string): string | undefined => {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
};
