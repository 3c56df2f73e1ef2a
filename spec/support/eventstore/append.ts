/** Appends: the stream of batches, and the classic call for each append. */

import shared from '@eventstore/db-client/generated/shared_pb.js';
import type rpc from '@eventstore/db-client/generated/status_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { handleClientStreamingCall, ServerDuplexStream } from '@grpc/grpc-js';
import empty from 'google-protobuf/google/protobuf/empty_pb.js';
import { batchStatus, failure, maxAppendSize, notReady, streamDeleted, tooLarge, unauthenticated } from './errors.ts';
import type { Fate } from './faults.ts';
import { allPosition, expectedOf, identifier, proposedOf, sizeOf, streamOf } from './messages.ts';
import { admit, mayDo, type Node, standingOf } from './node.ts';
import type { Append, Outcome, Proposed } from './vocabulary.ts';
import { append } from './writes.ts';

/** Stores an append as its fate allows; the answer is `none` where there shall be none. */
const perform = async (node: Node, request: Append): Promise<Outcome | 'busy' | 'none'> => {
  const fate: Fate = node.faults.fate();
  if (fate === 'busy') return 'busy';
  if (fate === 'lost') return 'none';
  if (fate === 'lostAndCut') {
    node.cut();
    return 'none';
  }
  const outcome = await node.writer.write((store) => append(store, request));
  if (fate === 'unansweredAndCut') node.cut();
  return fate === 'normal' ? outcome : 'none';
};

/** An append of a batch, as far as it has arrived. */
type Arriving = { readonly append: Append; readonly events: Proposed[]; size: number };

type Batches = ServerDuplexStream<streams.BatchAppendReq, streams.BatchAppendResp>;

const success = (outcome: Extract<Outcome, { kind: 'stored' }>): streams.BatchAppendResp.Success => {
  const done = new streams.BatchAppendResp.Success();
  if (outcome.revision < 0n) done.setNoStream(new empty.Empty());
  else done.setCurrentRevision(outcome.revision.toString());
  if (outcome.position === undefined) return done.setNoPosition(new empty.Empty());
  return done.setPosition(allPosition(outcome.position));
};

const statusOf = (outcome: Exclude<Outcome, { kind: 'stored' }> | 'busy'): rpc.Status => {
  if (outcome === 'busy') return batchStatus.notHandled('Server Is Busy');
  return outcome.kind === 'conflict' ? batchStatus.conflict(outcome) : batchStatus.deleted(outcome.stream);
};

/** Many appends over one call, each answered under its correlation id. */
export const batchAppend =
  (node: Node) =>
  (call: Batches): void => {
    const arriving = new Map<string, Arriving>();
    let [pending, ended] = [0, false];
    const answer = (correlation: shared.UUID | undefined, stream: string, said: rpc.Status | Outcome): void => {
      if (call.cancelled) return;
      const response = new streams.BatchAppendResp()
        .setCorrelationId(correlation)
        .setStreamIdentifier(identifier(stream));
      if ('kind' in said) {
        if (said.kind === 'stored') response.setSuccess(success(said));
        else response.setError(statusOf(said));
      } else response.setError(said);
      call.write(response);
    };
    const endIfDone = (): void => {
      if (ended && pending === 0 && !call.cancelled) call.end();
    };
    const finish = async (correlation: shared.UUID | undefined, { append: asked, events }: Arriving): Promise<void> => {
      const admission = standingOf(node, call.metadata, true);
      if (admission === 'silence') return;
      if (node.faults.now.notReady) {
        answer(correlation, asked.stream, batchStatus.notHandled('Server Is Not Ready'));
        return;
      }
      if (node.faults.now.leader === 'unknown') {
        answer(correlation, asked.stream, batchStatus.notHandled('No leader info available in response'));
        return;
      }
      if (admission !== 'in') return void call.emit('error', admission);
      pending += 1;
      const outcome = await perform(node, { ...asked, events });
      pending -= 1;
      if (outcome === 'none') return;
      answer(correlation, asked.stream, outcome === 'busy' ? statusOf(outcome) : outcome);
      endIfDone();
    };
    const take = (request: streams.BatchAppendReq): void => {
      const correlation = request.getCorrelationId();
      const key = correlation?.getString() ?? '';
      const options = request.getOptions();
      if (options !== undefined) {
        const stream = streamOf(options.getStreamIdentifier());
        const deadline = options.getDeadline()?.toDate().getTime() ?? Number.POSITIVE_INFINITY;
        if (mayDo(node, call.metadata, { stream, writes: true }) === 'denied') {
          answer(correlation, stream, batchStatus.denied());
          return;
        }
        if (deadline <= node.now()) {
          answer(correlation, stream, batchStatus.timeout());
          return;
        }
        const expected = expectedOf(options, options.getStreamPosition());
        arriving.set(key, { append: { stream, expected, events: [] }, events: [], size: 0 });
      }
      const its = arriving.get(key);
      if (its === undefined) return;
      for (const event of request.getProposedMessagesList().map(proposedOf)) {
        its.events.push(event);
        its.size += sizeOf(event);
      }
      const large = its.size > maxAppendSize;
      if (large || request.getIsFinal()) arriving.delete(key);
      if (large) answer(correlation, its.append.stream, batchStatus.tooLarge());
      else if (request.getIsFinal()) void finish(correlation, its).catch((error: unknown) => call.emit('error', error));
    };
    if (node.faults.now.refusing || mayDo(node, call.metadata, { stream: '', writes: true }) === 'refused')
      return void call.emit('error', unauthenticated());
    const pauseIfAsked = (): void => {
      if (node.faults.now.reading) return;
      call.pause();
      node.faults.onReading(() => call.resume());
    };
    pauseIfAsked();
    call.on('data', (request: streams.BatchAppendReq) => {
      take(request);
      pauseIfAsked();
    });
    call.on('end', () => {
      ended = true;
      endIfDone();
    });
    call.on('error', () => undefined);
  };

const wrongExpected = (outcome: Extract<Outcome, { kind: 'conflict' }>): streams.AppendResp.WrongExpectedVersion => {
  const said = new streams.AppendResp.WrongExpectedVersion();
  const { current, expected } = outcome;
  if (current < 0n) said.setCurrentNoStream(new shared.Empty()).setNoStream2060(new shared.Empty());
  else said.setCurrentRevision(current.toString()).setCurrentRevision2060(Number(current));
  if (expected === 'any') return said.setExpectedAny(new shared.Empty()).setAny2060(new shared.Empty());
  if (expected === 'no_stream') return said.setExpectedNoStream(new shared.Empty());
  if (expected === 'stream_exists')
    return said.setExpectedStreamExists(new shared.Empty()).setStreamExists2060(new shared.Empty());
  return said.setExpectedRevision(expected.toString()).setExpectedRevision2060(Number(expected));
};

const appended = (outcome: Extract<Outcome, { kind: 'stored' }>): streams.AppendResp => {
  const done = new streams.AppendResp.Success();
  if (outcome.revision < 0n) done.setNoStream(new shared.Empty());
  else done.setCurrentRevision(outcome.revision.toString());
  const { position } = outcome;
  if (position === undefined) done.setNoPosition(new shared.Empty());
  else {
    const [commit, prepare] = [position.toString(), position.toString()];
    done.setPosition(new streams.AppendResp.Position().setCommitPosition(commit).setPreparePosition(prepare));
  }
  return new streams.AppendResp().setSuccess(done);
};

/** One append: its options, then its events. A conflict is an answer here, not an error. */
export const classicAppend =
  (node: Node): handleClientStreamingCall<streams.AppendReq, streams.AppendResp> =>
  (call, callback) => {
    let asked: Omit<Append, 'events'> | undefined;
    const events: Proposed[] = [];
    call.on('data', (request: streams.AppendReq) => {
      const [options, message] = [request.getOptions(), request.getProposedMessage()];
      if (options !== undefined)
        asked = {
          stream: streamOf(options.getStreamIdentifier()),
          expected: expectedOf(options, options.getRevision()),
        };
      if (message !== undefined) events.push(proposedOf(message));
    });
    const finish = async (): Promise<void> => {
      if (asked === undefined) {
        callback(failure(3, 'The append has no options.'));
        return;
      }
      const admission = admit(node, call.metadata, { stream: asked.stream, writes: true });
      if (admission === 'silence') return;
      if (admission !== 'in') {
        callback(admission);
        return;
      }
      if (events.reduce((sum, event) => sum + sizeOf(event), 0) > maxAppendSize) {
        callback(tooLarge());
        return;
      }
      const outcome = await perform(node, { ...asked, events });
      if (outcome === 'none' || call.cancelled) return;
      if (outcome === 'busy') {
        callback(notReady());
        return;
      }
      if (outcome.kind === 'deleted') {
        callback(streamDeleted(outcome.stream));
        return;
      }
      callback(
        null,
        outcome.kind === 'stored'
          ? appended(outcome)
          : new streams.AppendResp().setWrongExpectedVersion(wrongExpected(outcome)),
      );
    };
    call.on('end', () => void finish().catch((error: unknown) => callback(failure(13, String(error)))));
  };
