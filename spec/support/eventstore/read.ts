/** Reads of a stream or of all, to their end; a subscription is handed on. */
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { handleServerStreamingCall } from '@grpc/grpc-js';
import { Silence, serviceError } from './answering.ts';
import { incomplete, streamDeleted } from './errors.ts';
import { identifier, readEvent, streamOf } from './messages.ts';
import { admit, type Node } from './node.ts';
import { type Outflow, outflowOf } from './outflow.ts';
import { standing, visiblePage } from './retention.ts';
import type { Direction } from './store.ts';
import { subscribe } from './subscribe.ts';
import { greatest } from './vocabulary.ts';

const pageSize = 500;
type Options = streams.ReadReq.Options;
type Out = Outflow<streams.ReadResp>;

const directionOf = (options: Options): Direction =>
  options.getReadDirection() === streams.ReadReq.Options.ReadDirection.FORWARDS ? 'forwards' : 'backwards';
const capped = (value: bigint): bigint => (value > greatest ? greatest : value);

const readStream = async (node: Node, options: Options, out: Out): Promise<void> => {
  const asked = options.getStream();
  const stream = streamOf(asked?.getStreamIdentifier());
  const stands = standing(node.store(), stream);
  if (stands === 'tombstoned') throw streamDeleted(stream);
  if (stands === 'missing') {
    const notFound = new streams.ReadResp.StreamNotFound().setStreamIdentifier(identifier(stream));
    return out.send(new streams.ReadResp().setStreamNotFound(notFound));
  }
  const direction = directionOf(options);
  let from: bigint | undefined = capped(BigInt(asked?.getRevision() ?? 0));
  if (asked?.hasStart()) from = 0n;
  if (asked?.hasEnd()) from = direction === 'forwards' ? node.store().last(stream) + 1n : greatest;
  let left = BigInt(options.getCount());
  while (from !== undefined && left > 0n && !out.gone.aborted) {
    const limit = left < pageSize ? Number(left) : pageSize;
    const page = visiblePage(node.store(), stream, from, direction, limit, node.now());
    for (const event of page.events) await out.send(readEvent(event));
    left -= BigInt(page.events.length);
    from = page.next;
  }
};

const readAll = async (node: Node, options: Options, out: Out): Promise<void> => {
  const asked = options.getAll();
  const direction = directionOf(options);
  let from = capped(BigInt(asked?.getPosition()?.getCommitPosition() ?? 0));
  if (asked?.hasEnd()) from = greatest;
  let left = BigInt(options.getCount());
  while (left > 0n && !out.gone.aborted) {
    const limit = left < pageSize ? Number(left) : pageSize;
    const page = node.store().pageAll(from, direction, limit);
    for (const event of page) await out.send(readEvent(event));
    const last = page.at(-1);
    if (last === undefined || page.length < limit) return;
    left -= BigInt(page.length);
    from = direction === 'forwards' ? last.position + 1n : last.position;
  }
};

/** The one call for reads and subscriptions. */
export const read =
  (node: Node): handleServerStreamingCall<streams.ReadReq, streams.ReadResp> =>
  (call) => {
    const options = call.request.getOptions();
    const out = outflowOf(call);
    const work = async (): Promise<void> => {
      if (options === undefined) throw incomplete('The read');
      const stream = options.hasAll() ? '$all' : streamOf(options.getStream()?.getStreamIdentifier());
      admit(node, call.metadata, { stream, writes: false });
      if (options.hasSubscription()) await subscribe(node, options, out);
      else await (options.hasAll() ? readAll : readStream)(node, options, out);
      if (!out.gone.aborted) call.end();
    };
    work().catch((error: unknown) => {
      if (!(error instanceof Silence || out.gone.aborted)) call.emit('error', serviceError(error));
    });
  };
