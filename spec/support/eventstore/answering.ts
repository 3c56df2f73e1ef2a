/** How a call that has one answer gets it. */
import { type ServiceError, type sendUnaryData, status } from '@grpc/grpc-js';
import { failure } from './errors.ts';

/** Thrown where a call shall have no answer at all. */
export class Silence extends Error {}

/** What a thrown thing says to the client. */
export const serviceError = (error: unknown): ServiceError =>
  error instanceof Error && 'code' in error ? (error as ServiceError) : failure(status.INTERNAL, String(error));

/** Answers a call with what the work gives, or ends it with what the work throws. */
export const answering =
  <Call, A>(work: (call: Call) => A | Promise<A>) =>
  (call: Call, callback: sendUnaryData<A>): void => {
    const working = async (): Promise<A> => work(call);
    working().then(
      (answer) => callback(null, answer),
      (error: unknown) => {
        if (!(error instanceof Silence)) callback(serviceError(error));
      },
    );
  };
