/** Where to find in the log what is told of no transfer: uploads and runs whole, of long streams each event. */
import { channelOf } from '../domain/channel.ts';
import type { LoggedEvent, Projection } from '../domain/ports.ts';
import { isTransferStream } from '../domain/transfer/event-id.ts';
import { channelAt } from './order.ts';

/** A stretch of a stream. */
export type AuditRow = {
  readonly key: string;
  readonly stream: string;
  readonly from: number;
  readonly to: number;
  /** When it began, milliseconds since 1970. */
  readonly at: number;
  readonly channel: string | null;
  readonly protocol: string | null;
  readonly name: string | null;
};

const whole = ['upload', 'run'];
/** What the log says of itself. */
const silent = ['audit'];

const categoryOf = (stream: string): string => stream.split('-', 1)[0] ?? '';

/** The read model. */
export const auditProjection: Projection<AuditRow> = {
  name: 'audit',
  version: 1,
  indexes: {
    at: (row) => row.at,
    channelAt: (row) => (row.channel === null ? null : channelAt(row.channel, row.at)),
  },
  keyOf: (event) =>
    isTransferStream(event.stream) || silent.includes(categoryOf(event.stream)) ? undefined : keyOf(event),
  fold: (row, event) => {
    const to = Number(event.revision);
    return row === undefined ? begun(event) : { ...row, to };
  },
};

const keyOf = ({ stream, revision }: LoggedEvent): string =>
  whole.includes(categoryOf(stream)) ? stream : `${stream}\n${String(revision).padStart(15, '0')}`;

const begun = (event: LoggedEvent): AuditRow => {
  const { stream, data, metadata } = event;
  const from = Number(event.revision);
  const path = textOf(data.path);
  return {
    ...{ key: keyOf(event), stream, from, to: from },
    at: typeof metadata.at === 'number' ? metadata.at : 0,
    channel: channelOf(stream) ?? textOf(data.channel),
    protocol: textOf(data.protocol),
    name: path?.split('/').at(-1) ?? textOf(data.agent),
  };
};

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);
