/** Deleting a stream, softly or for ever. */
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { handleUnaryCall } from '@grpc/grpc-js';
import { failure, streamDeleted, wrongVersion } from './errors.ts';
import { expectedOf, streamOf } from './messages.ts';
import { admit, type Node } from './node.ts';
import type { Outcome } from './vocabulary.ts';
import { softDelete, tombstone } from './writes.ts';

type Request = streams.DeleteReq | streams.TombstoneReq;

const performing = async (
  node: Node,
  call: Parameters<handleUnaryCall<Request, unknown>>[0],
  operation: 'Delete' | 'Tombstone',
): Promise<string | undefined | 'silence'> => {
  const options = call.request.getOptions();
  if (options === undefined) throw failure(3, `${operation} has no options.`);
  const stream = streamOf(options.getStreamIdentifier());
  const admission = admit(node, call.metadata, { stream, writes: true });
  if (admission === 'silence') return 'silence';
  if (admission !== 'in') throw admission;
  const work = operation === 'Delete' ? softDelete : tombstone;
  const outcome: Outcome = await node.writer.write((store) =>
    work(store, stream, expectedOf(options, options.getRevision())),
  );
  if (outcome.kind === 'deleted') throw streamDeleted(stream);
  if (outcome.kind === 'conflict') throw wrongVersion(operation, stream, outcome);
  return outcome.position?.toString();
};

/** Hides what a stream has; it can be written again. */
export const deleteStream =
  (node: Node): handleUnaryCall<streams.DeleteReq, streams.DeleteResp> =>
  (call, callback) => {
    performing(node, call, 'Delete').then(
      (position) => {
        if (position === 'silence') return;
        const response = new streams.DeleteResp();
        if (position === undefined) {
          callback(null, response.setNoPosition(new shared.Empty()));
          return;
        }
        const at = new streams.DeleteResp.Position().setCommitPosition(position).setPreparePosition(position);
        callback(null, response.setPosition(at));
      },
      (error: Error) => callback(error),
    );
  };

/** Ends a stream for ever. */
export const tombstoneStream =
  (node: Node): handleUnaryCall<streams.TombstoneReq, streams.TombstoneResp> =>
  (call, callback) => {
    performing(node, call, 'Tombstone').then(
      (position) => {
        if (position === 'silence') return;
        const response = new streams.TombstoneResp();
        if (position === undefined) {
          callback(null, response.setNoPosition(new shared.Empty()));
          return;
        }
        const at = new streams.TombstoneResp.Position().setCommitPosition(position).setPreparePosition(position);
        callback(null, response.setPosition(at));
      },
      (error: Error) => callback(error),
    );
  };
