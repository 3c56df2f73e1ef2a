/** How the wire server says no: by the status of a call with its trailers, or by the status within a batch. */

import code from '@eventstore/db-client/generated/code_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import rpc from '@eventstore/db-client/generated/status_pb.js';
import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import any from 'google-protobuf/google/protobuf/any_pb.js';
import empty from 'google-protobuf/google/protobuf/empty_pb.js';
import { identifier } from './messages.ts';
import type { Endpoint, Expected, Outcome } from './vocabulary.ts';

/** The limit of one append, in bytes. */
export const maxAppendSize = 1024 * 1024;

/** An error that ends a call. */
export const failure = (
  code: status,
  details: string,
  trailers: Readonly<Record<string, string>> = {},
): ServiceError => {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(trailers)) metadata.set(key, value);
  return Object.assign(new Error(details), { code, details, metadata });
};

export const notReady = (): ServiceError => failure(status.UNAVAILABLE, 'Server Is Not Ready');
export const tooBusy = (): ServiceError => failure(status.UNAVAILABLE, 'Server Is Too Busy');
/** A request that says too little. */
export const incomplete = (what: string): ServiceError => failure(status.INVALID_ARGUMENT, `${what} has no options.`);
export const unauthenticated = (): ServiceError => failure(status.UNAUTHENTICATED, 'Unauthenticated');
export const accessDenied = (): ServiceError =>
  failure(status.PERMISSION_DENIED, 'Access Denied', { exception: 'access-denied' });
export const notLeader = (leader: Endpoint | undefined): ServiceError =>
  leader === undefined
    ? failure(status.UNKNOWN, 'No leader info available in response')
    : failure(status.NOT_FOUND, 'Leader info available', {
        exception: 'not-leader',
        'leader-endpoint-host': leader.host,
        'leader-endpoint-port': String(leader.port),
      });
export const streamDeleted = (stream: string): ServiceError =>
  failure(status.FAILED_PRECONDITION, `Event stream '${stream}' is deleted.`, {
    exception: 'stream-deleted',
    'stream-name': stream,
  });
export const tooLarge = (): ServiceError =>
  failure(status.INVALID_ARGUMENT, `Maximum Append Size of ${maxAppendSize} Exceeded.`, {
    exception: 'maximum-append-size-exceeded',
    'maximum-append-size': String(maxAppendSize),
  });
export const tooSlow = (): ServiceError =>
  failure(
    status.ABORTED,
    'Operation timed out: Consumer too slow to handle event while live. Client resubscription required.',
  );

const numbers = { any: -2n, stream_exists: -4n, no_stream: -1n };
/** A conflict of a delete. */
export const wrongVersion = (operation: string, stream: string, { current, expected }: Conflict): ServiceError => {
  const version = typeof expected === 'bigint' ? expected : numbers[expected];
  const text = `Stream: ${stream}, Expected version: ${version}, Actual version: ${current}`;
  return failure(status.FAILED_PRECONDITION, `${operation} failed due to WrongExpectedVersion. ${text}`, {
    exception: 'wrong-expected-version',
    'stream-name': stream,
    'expected-version': version.toString(),
    'actual-version': current.toString(),
  });
};

export type Conflict = Extract<Outcome, { readonly kind: 'conflict' }>;

type Message = { serializeBinary(): Uint8Array };
const packed = (kind: code.Code, message: string, type: string, details: Message): rpc.Status => {
  const detail = new any.Any();
  detail.pack(details.serializeBinary(), type);
  return new rpc.Status().setCode(kind).setMessage(message).setDetails(detail);
};
const ours = (kind: code.Code, name: string, details: Message): rpc.Status =>
  packed(kind, name, `event_store.client.${name}`, details);

const setExpected = (details: shared.WrongExpectedVersion, expected: Expected): shared.WrongExpectedVersion => {
  if (expected === 'any') return details.setExpectedAny(new empty.Empty());
  if (expected === 'no_stream') return details.setExpectedNoStream(new empty.Empty());
  if (expected === 'stream_exists') return details.setExpectedStreamExists(new empty.Empty());
  return details.setExpectedStreamPosition(expected.toString());
};

/** The ways in which an append within a batch fails. */
export const batchStatus = {
  conflict: ({ current, expected }: Conflict): rpc.Status => {
    const details = setExpected(new shared.WrongExpectedVersion(), expected);
    if (current < 0n) details.setCurrentNoStream(new empty.Empty());
    else details.setCurrentStreamRevision(current.toString());
    return ours(code.Code.ALREADY_EXISTS, 'WrongExpectedVersion', details);
  },
  deleted: (stream: string): rpc.Status =>
    ours(
      code.Code.FAILED_PRECONDITION,
      'StreamDeleted',
      new shared.StreamDeleted().setStreamIdentifier(identifier(stream)),
    ),
  denied: (): rpc.Status => ours(code.Code.PERMISSION_DENIED, 'AccessDenied', new shared.AccessDenied()),
  timeout: (): rpc.Status => ours(code.Code.DEADLINE_EXCEEDED, 'Timeout', new shared.Timeout()),
  tooLarge: (): rpc.Status =>
    ours(
      code.Code.INVALID_ARGUMENT,
      'MaximumAppendSizeExceeded',
      new shared.MaximumAppendSizeExceeded().setMaxappendsize(maxAppendSize),
    ),
  /** Not handled at all: the client does not know these details and makes an unknown error of them. */
  notHandled: (message: string): rpc.Status =>
    packed(code.Code.OK, message, 'google.protobuf.Empty', new empty.Empty()),
};
