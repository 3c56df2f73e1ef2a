/** What a partner sees in its home on dmz: directories, files that it delivered, and files under temporary names. */
import { channelOf } from '../domain/channel.ts';
import { baseName, parentOf } from '../domain/path.ts';
import type { PayloadRef } from '../domain/payload.ts';
import type { LoggedEvent, Position, Projection } from '../domain/ports.ts';
import { isTransferStream, transferOf } from '../domain/transfer/event-id.ts';
import type { EventData, Who } from '../domain/transfer/vocabulary.ts';
import { type UploadData, uploadOf } from '../domain/upload.ts';

/** An entry of a home. `id` is the transfer or the upload; null for a directory. */
export type HomeRow = {
  readonly channel: string;
  readonly path: string;
  readonly directory: string;
  readonly name: string;
  readonly kind: 'directory' | 'file' | 'upload';
  readonly id: string | null;
  /** Null for a directory, and for an upload that was cut off. */
  readonly payload: PayloadRef | null;
  readonly protocol: string;
  readonly by: Who;
  readonly size: number;
  readonly modified: number;
  /** Where in the log it begins: of two files under one path the later one is seen, whatever the wall clock says. */
  readonly since: Position;
  /** When an upload was begun, milliseconds since 1970; null for what is none. */
  readonly begun: number | null;
  /** Where a file was delivered to, whatever the partner did to its view since: a repeat shows it there again. Null for what is no file. */
  readonly home: string | null;
  /** What becomes of a file that we provide once it is picked up; null for any other. */
  readonly afterPickUp: 'keep' | 'delete' | null;
};

const concerning = new Set([
  ...['received', 'provided', 'expired', 'abandoned', 'pickedUp', 'viewChanged', 'repeated', 'purged'],
  ...['uploadOpened', 'uploadCompleted', 'uploadRenamed', 'uploadDelivered', 'uploadExpired'],
  ...['directoryMade', 'directoryRemoved'],
]);

/** The read model of homes. */
export const homeProjection: Projection<HomeRow> = {
  name: 'home',
  version: 7,
  indexes: {
    channel: (row) => row.channel,
    directory: (row) => row.directory,
    path: (row) => row.path,
    kind: (row) => row.kind,
    begun: (row) => row.begun,
  },
  begins: (event) => event.revision === 0n && channelOf(event.stream) === undefined,
  keyOf: (event) => {
    if (!concerning.has(event.type)) return undefined;
    if (isTransferStream(event.stream) || uploadOf(event.stream) !== undefined) return event.stream;
    const channel = channelOf(event.stream);
    if (channel === undefined || !event.type.startsWith('directory')) return undefined;
    return `${event.stream}\n${pathOf(event)}`;
  },
  fold: (row, event) => {
    switch (event.type) {
      case 'received':
        // One that dmz got for us at a partner's server is none of its home.
        return event.revision === 0n ? delivered(event) : row;
      case 'provided':
        return provided(event);
      case 'expired':
        return row && hidden(row);
      case 'abandoned':
        return row && row.afterPickUp !== null ? hidden(row) : row;
      case 'pickedUp':
        return row && !(event.data as EventData<'pickedUp'>).kept ? hidden(row) : row;
      case 'uploadOpened':
        return opened(event);
      case 'uploadCompleted': {
        const { payload, modified } = event.data as UploadData<'uploadCompleted'>;
        return row && { ...row, payload, size: payload.size, modified };
      }
      case 'directoryMade':
        return made(event);
      case 'viewChanged': {
        const { path, modified } = event.data as EventData<'viewChanged'>;
        return row && { ...(path === null ? hidden(row) : at(row, path)), modified: modified ?? row.modified };
      }
      case 'repeated':
        return row && { ...at(row, row.home ?? row.path), since: event.position };
      case 'uploadRenamed': {
        const { path, modified } = event.data as UploadData<'uploadRenamed'>;
        return row && { ...at(row, path), modified: modified ?? row.modified };
      }
      case 'purged':
      case 'directoryRemoved':
      case 'uploadDelivered':
      case 'uploadExpired':
        return undefined;
      default:
        return row;
    }
  },
};

const timeOf = (event: LoggedEvent): number => (event.metadata as { readonly at: number }).at;

const pathOf = (event: LoggedEvent): string => (event.data as { readonly path: string }).path;

const place = (path: string) => ({ path, directory: parentOf(path), name: baseName(path) });

const at = (row: HomeRow, path: string): HomeRow => ({ ...row, ...place(path) });

/** Out of sight: no path and no directory is empty. */
const hidden = (row: HomeRow): HomeRow => ({ ...row, path: '', directory: '' });

const delivered = (event: LoggedEvent): HomeRow => {
  const { channel, path, payload, modified, protocol, by } = event.data as EventData<'received'>;
  const id = transferOf(event.stream) ?? null;
  const file = { payload, protocol, by, size: payload.size, modified: modified ?? timeOf(event) };
  return {
    channel,
    ...place(path),
    kind: 'file',
    id,
    ...file,
    since: event.position,
    begun: null,
    home: path,
    afterPickUp: null,
  };
};

const provided = (event: LoggedEvent): HomeRow => {
  const { channel, path, payload, afterPickUp } = event.data as EventData<'provided'>;
  const id = transferOf(event.stream) ?? null;
  const file = { payload, protocol: '', by: {}, size: payload.size, modified: timeOf(event) };
  return {
    channel,
    ...place(path),
    kind: 'file',
    id,
    ...file,
    since: event.position,
    begun: null,
    home: path,
    afterPickUp,
  };
};

const opened = (event: LoggedEvent): HomeRow => {
  const { channel, path, protocol, by } = event.data as UploadData<'uploadOpened'>;
  const id = uploadOf(event.stream) ?? null;
  const file = { payload: null, protocol, by, size: 0, modified: timeOf(event) };
  return {
    channel,
    ...place(path),
    kind: 'upload',
    id,
    ...file,
    since: event.position,
    begun: timeOf(event),
    home: null,
    afterPickUp: null,
  };
};

const made = (event: LoggedEvent): HomeRow => ({
  ...emptyDirectory(channelOf(event.stream) ?? '', pathOf(event)),
  modified: timeOf(event),
  since: event.position,
});

/** A directory in which nothing is known to be. */
export const emptyDirectory = (channel: string, path: string): HomeRow => ({
  channel,
  ...place(path),
  kind: 'directory',
  id: null,
  payload: null,
  protocol: '',
  by: {},
  size: 0,
  modified: 0,
  since: '',
  begun: null,
  home: null,
  afterPickUp: null,
});
