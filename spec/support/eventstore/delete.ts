/** Deleting a stream, softly or for ever. */
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { ServerUnaryCall } from '@grpc/grpc-js';
import { answering } from './answering.ts';
import { incomplete, streamDeleted, wrongVersion } from './errors.ts';
import { expectedOf, streamOf } from './messages.ts';
import { admit, type Node } from './node.ts';
import { softDelete, tombstone } from './writes.ts';

type Request = streams.DeleteReq | streams.TombstoneReq;

const perform = async (
  node: Node,
  { request, metadata }: Pick<ServerUnaryCall<Request, unknown>, 'request' | 'metadata'>,
  operation: 'Delete' | 'Tombstone',
): Promise<string | undefined> => {
  const options = request.getOptions();
  if (options === undefined) throw incomplete(operation);
  const stream = streamOf(options.getStreamIdentifier());
  admit(node, metadata, { stream, writes: true });
  const work = operation === 'Delete' ? softDelete : tombstone;
  const expected = expectedOf(options, options.getRevision());
  const outcome = await node.writer.write((store) => work(store, stream, expected));
  if (outcome.kind === 'deleted') throw streamDeleted(stream);
  if (outcome.kind === 'conflict') throw wrongVersion(operation, stream, outcome);
  return outcome.position?.toString();
};

/** Hides what a stream has; it can be written again. */
export const deleteStream = (node: Node) =>
  answering(async (call: ServerUnaryCall<streams.DeleteReq, streams.DeleteResp>) => {
    const [at, response] = [await perform(node, call, 'Delete'), new streams.DeleteResp()];
    if (at === undefined) return response.setNoPosition(new shared.Empty());
    return response.setPosition(new streams.DeleteResp.Position().setCommitPosition(at).setPreparePosition(at));
  });

/** Ends a stream for ever. */
export const tombstoneStream = (node: Node) =>
  answering(async (call: ServerUnaryCall<streams.TombstoneReq, streams.TombstoneResp>) => {
    const [at, response] = [await perform(node, call, 'Tombstone'), new streams.TombstoneResp()];
    if (at === undefined) return response.setNoPosition(new shared.Empty());
    return response.setPosition(new streams.TombstoneResp.Position().setCommitPosition(at).setPreparePosition(at));
  });
