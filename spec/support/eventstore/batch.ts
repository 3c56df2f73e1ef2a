/** Appends in batches: many over one call, each answered under its correlation id. */
import type shared from '@eventstore/db-client/generated/shared_pb.js';
import rpc from '@eventstore/db-client/generated/status_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import empty from 'google-protobuf/google/protobuf/empty_pb.js';
import { Silence, serviceError } from './answering.ts';
import { batchStatus, maxAppendSize, unauthenticated } from './errors.ts';
import { allPosition, expectedOf, identifier, proposedOf, sizeOf, streamOf } from './messages.ts';
import { admit, type Node, rightTo } from './node.ts';
import { perform } from './perform.ts';
import type { Append, Outcome, Proposed } from './vocabulary.ts';

type Batches = ServerDuplexStream<streams.BatchAppendReq, streams.BatchAppendResp>;

/** An append of a batch, as far as it has arrived. */
type Arriving = {
  readonly correlation: shared.UUID | undefined;
  readonly append: Append & { readonly events: Proposed[] };
  size: number;
};

const success = ({ revision, position }: Extract<Outcome, { kind: 'stored' }>): streams.BatchAppendResp.Success => {
  const done = new streams.BatchAppendResp.Success();
  if (revision < 0n) done.setNoStream(new empty.Empty());
  else done.setCurrentRevision(revision.toString());
  return position === undefined ? done.setNoPosition(new empty.Empty()) : done.setPosition(allPosition(position));
};

const responseOf = (said: rpc.Status | Outcome | 'busy'): streams.BatchAppendResp => {
  const response = new streams.BatchAppendResp();
  if (said === 'busy') return response.setError(batchStatus.notHandled('Server Is Busy'));
  if (said instanceof rpc.Status) return response.setError(said);
  if (said.kind === 'stored') return response.setSuccess(success(said));
  return response.setError(said.kind === 'conflict' ? batchStatus.conflict(said) : batchStatus.deleted(said.stream));
};

/** What a node that cannot take writes says to each append; a known leader is told by ending the whole call. */
const notHandled = ({ faults: { now } }: Node): rpc.Status | undefined => {
  if (now.notReady) return batchStatus.notHandled('Server Is Not Ready');
  return now.leader === 'unknown' ? batchStatus.notHandled('No leader info available in response') : undefined;
};

/** What is said to an append before its events are looked at. */
const refusal = (node: Node, call: Batches, stream: string, deadline: Date | undefined): rpc.Status | undefined => {
  if (rightTo(node, call.metadata, stream) === 'denied') return batchStatus.denied();
  return deadline !== undefined && deadline.getTime() <= node.now() ? batchStatus.timeout() : undefined;
};

/** The call that stays open for all appends of a client. */
export const batchAppend =
  (node: Node) =>
  (call: Batches): void => {
    const arriving = new Map<string, Arriving>();
    let [pending, ended] = [0, false];
    const answer = (
      correlation: shared.UUID | undefined,
      stream: string,
      said: rpc.Status | Outcome | 'busy',
    ): void => {
      if (call.cancelled) return;
      call.write(responseOf(said).setCorrelationId(correlation).setStreamIdentifier(identifier(stream)));
    };
    const handle = async ({ correlation, append }: Arriving): Promise<void> => {
      const { stream } = append;
      const unfit = node.faults.now.silent ? undefined : notHandled(node);
      if (unfit === undefined) admit(node, call.metadata, { stream, writes: true });
      answer(correlation, stream, unfit ?? (await perform(node, append)));
    };
    const finish = (whole: Arriving): void => {
      pending += 1;
      handle(whole)
        .catch((error: unknown) => {
          if (!(error instanceof Silence)) call.emit('error', serviceError(error));
        })
        .finally(() => {
          pending -= 1;
          if (ended && pending === 0 && !call.cancelled) call.end();
        });
    };
    const take = (request: streams.BatchAppendReq): void => {
      const [correlation, options] = [request.getCorrelationId(), request.getOptions()];
      const key = correlation?.getString() ?? '';
      if (options !== undefined) {
        const stream = streamOf(options.getStreamIdentifier());
        const refused = refusal(node, call, stream, options.getDeadline()?.toDate());
        if (refused !== undefined) {
          answer(correlation, stream, refused);
          return;
        }
        const expected = expectedOf(options, options.getStreamPosition());
        arriving.set(key, { correlation, append: { stream, expected, events: [] }, size: 0 });
      }
      const its = arriving.get(key);
      if (its === undefined) return;
      for (const event of request.getProposedMessagesList().map(proposedOf)) {
        its.append.events.push(event);
        its.size += sizeOf(event);
      }
      const large = its.size > maxAppendSize;
      if (large || request.getIsFinal()) arriving.delete(key);
      if (large) answer(correlation, its.append.stream, batchStatus.tooLarge());
      else if (request.getIsFinal()) finish(its);
    };
    call.on('error', () => undefined);
    if (rightTo(node, call.metadata, '') === 'refused') {
      call.emit('error', unauthenticated());
      return;
    }
    call.on('data', take);
    const left = node.faults.reads(call);
    for (const end of ['end', 'cancelled', 'close'] as const) call.on(end, left);
    call.on('end', () => {
      ended = true;
      if (pending === 0) call.end();
    });
  };
