/** Between the generated messages of the protocol and the words of the wire server. */
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { Expected, Proposed, Recorded } from './vocabulary.ts';

/** A UUID of the protocol as text; the structured form is two signed halves. */
export const uuidOf = (uuid: shared.UUID | undefined): string => {
  const structured = uuid?.getStructured();
  if (structured === undefined) return (uuid?.getString() ?? '').toLowerCase();
  const half = (text: string): string => BigInt.asUintN(64, BigInt(text)).toString(16).padStart(16, '0');
  const hex = half(structured.getMostSignificantBits()) + half(structured.getLeastSignificantBits());
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
};

/** A UUID for the protocol. */
export const uuid = (text: string): shared.UUID => new shared.UUID().setString(text);

/** The name of a stream. */
export const streamOf = (identifier: shared.StreamIdentifier | undefined): string =>
  Buffer.from(identifier?.getStreamName_asU8() ?? []).toString();

/** A stream's name for the protocol. */
export const identifier = (stream: string): shared.StreamIdentifier =>
  new shared.StreamIdentifier().setStreamName(Buffer.from(stream));

type ExpectedOption = { hasNoStream(): boolean; hasAny(): boolean; hasStreamExists(): boolean };

/** What an append or delete expects of its stream. */
export const expectedOf = (options: ExpectedOption, revision: string): Expected => {
  if (options.hasAny()) return 'any';
  if (options.hasNoStream()) return 'no_stream';
  return options.hasStreamExists() ? 'stream_exists' : BigInt(revision);
};

/** A proposed event; both ways to append have the same one. */
export const proposedOf = (
  message: streams.AppendReq.ProposedMessage | streams.BatchAppendReq.ProposedMessage,
): Proposed => {
  const metadata = message.getMetadataMap();
  return {
    id: uuidOf(message.getId()),
    type: metadata.get('type') ?? '',
    contentType: metadata.get('content-type') ?? 'application/octet-stream',
    data: message.getData_asU8(),
    metadata: message.getCustomMetadata_asU8(),
  };
};

/** What an event counts against the limit of an append. */
export const sizeOf = ({ type, data, metadata }: Proposed): number => type.length * 2 + data.length + metadata.length;

/** An event as an answer to a read. */
export const readEvent = (event: Recorded): streams.ReadResp => {
  const position = event.position.toString();
  const recorded = new streams.ReadResp.ReadEvent.RecordedEvent()
    .setId(uuid(event.id))
    .setStreamIdentifier(identifier(event.stream))
    .setStreamRevision(event.revision.toString())
    .setCommitPosition(position)
    .setPreparePosition(position)
    .setData(event.data)
    .setCustomMetadata(event.metadata);
  const map = recorded.getMetadataMap();
  map.set('type', event.type).set('content-type', event.contentType).set('created', event.created.toString());
  return new streams.ReadResp().setEvent(
    new streams.ReadResp.ReadEvent().setEvent(recorded).setCommitPosition(position),
  );
};

/** A position in the log, as an append answers it. */
export const allPosition = (position: bigint): shared.AllStreamPosition =>
  new shared.AllStreamPosition().setCommitPosition(position.toString()).setPreparePosition(position.toString());
