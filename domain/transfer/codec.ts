/** Between the domain's events and the log's. */
import type { LoggedEvent, NewEvent } from '../ports.ts';
import { eventMeta, isEventType, type TransferEvent, vocabulary } from './vocabulary.ts';

/** A transfer's event as the log takes it. */
export const encode = (event: TransferEvent): NewEvent => ({
  id: event.id,
  type: event.type,
  data: event.data,
  metadata: event.meta,
});

/** A logged event as the domain knows it; undefined where it is no transfer event. An unreadable one is a defect. */
export const decode = (logged: LoggedEvent): TransferEvent | undefined => {
  if (!isEventType(logged.type)) return undefined;
  const data = vocabulary[logged.type].safeParse(logged.data);
  const meta = eventMeta.safeParse(logged.metadata);
  if (!data.success || !meta.success)
    throw new Error(`event ${logged.stream}@${String(logged.revision)} (${logged.type}) cannot be read`);
  return { id: logged.id, type: logged.type, data: data.data, meta: meta.data } as TransferEvent;
};
