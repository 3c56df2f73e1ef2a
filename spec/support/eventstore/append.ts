/** The classic append: one call for each. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { ServerReadableStream } from '@grpc/grpc-js';
import { answering } from './answering.ts';
import { incomplete, maxAppendSize, streamDeleted, tooBusy, tooLarge } from './errors.ts';
import { expectedOf, proposedOf, sizeOf, streamOf } from './messages.ts';
import { admit, type Node } from './node.ts';
import { perform } from './perform.ts';
import type { Append, Outcome, Proposed } from './vocabulary.ts';

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

type Call = ServerReadableStream<streams.AppendReq, streams.AppendResp>;

const arrived = async (call: Call): Promise<Append> => {
  const requests: streams.AppendReq[] = [];
  for await (const request of call) requests.push(request as streams.AppendReq);
  // What breaks off looks like what ends, until a turn later.
  await nextTurn();
  if (call.cancelled) throw incomplete('The append');
  const options = requests.map((request) => request.getOptions()).find((each) => each !== undefined);
  if (options === undefined) throw incomplete('The append');
  const events = requests.flatMap((request): readonly Proposed[] => {
    const message = request.getProposedMessage();
    return message === undefined ? [] : [proposedOf(message)];
  });
  return {
    stream: streamOf(options.getStreamIdentifier()),
    expected: expectedOf(options, options.getRevision()),
    events,
  };
};

/** One append: its options, then its events. A conflict is an answer here, not an error. */
export const classicAppend = (node: Node) =>
  answering(async (call: Call) => {
    const append = await arrived(call);
    admit(node, call.metadata, { stream: append.stream, writes: true });
    if (append.events.reduce((sum, event) => sum + sizeOf(event), 0) > maxAppendSize) throw tooLarge();
    const outcome = await perform(node, append);
    if (outcome === 'busy') throw tooBusy();
    if (outcome.kind === 'deleted') throw streamDeleted(outcome.stream);
    return outcome.kind === 'stored'
      ? appended(outcome)
      : new streams.AppendResp().setWrongExpectedVersion(wrongExpected(outcome));
  });
