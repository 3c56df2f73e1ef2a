/** Between a transfer's events and the log's. */
import { z } from 'zod';
import type { LoggedEvent, NewEvent } from '../ports.ts';
import { transferOf } from './event-id.ts';
import { eventMeta, isEventType, type TransferEvent, vocabulary } from './vocabulary.ts';

/** The event as it is appended. */
export const encode = ({ id, type, data, meta }: TransferEvent): NewEvent => ({
  id,
  type,
  data: data,
  metadata: meta,
});

/** The event that was appended; undefined in a stream that is no transfer's. An unreadable one is a defect, named by its place. */
export const decode = (logged: LoggedEvent): TransferEvent | undefined => {
  const { id, type, stream, revision } = logged;
  if (!isEventType(type)) {
    if (transferOf(stream) === undefined) return undefined;
    const where = `${stream} at revision ${revision} holds ${type}`;
    throw new Error(`${where}, which this Sallyport does not know: it was written by a newer one; upgrade this one`);
  }
  const { hash: _, ...metadata } = logged.metadata;
  const data = vocabulary[type].safeParse(logged.data);
  const meta = eventMeta.safeParse(metadata);
  if (data.success && meta.success) return { id, type, data: data.data, meta: meta.data } as TransferEvent;
  const wrong = [data, meta].flatMap(({ error }) => (error === undefined ? [] : [z.prettifyError(error)]));
  throw new Error(`${stream} at revision ${revision} holds an unreadable ${type}: ${wrong.join('; ')}`);
};

/** As `decode`, but what our own log holds is taken for what it was when it was recorded: for those who read millions. */
export const recorded = ({ id, type, data, metadata }: LoggedEvent): TransferEvent | undefined =>
  isEventType(type) ? ({ id, type, data, meta: metadata } as unknown as TransferEvent) : undefined;
