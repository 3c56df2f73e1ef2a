/** What a person must see to, told as it is recorded: once, on the server that owns it. */
import type { Log, LoggedEvent } from '../domain/ports.ts';
import { decode } from '../domain/transfer/codec.ts';
import { transferOf } from '../domain/transfer/event-id.ts';
import type { Projector } from './projector.ts';

/** Raises an alarm for each transfer that this server holds; answers the means to stop. */
export const raiseAlarms = (projector: Projector, log: Log, node: string): (() => void) => {
  const raise = (logged: LoggedEvent): void => {
    const event = logged.type === 'held' ? decode(logged) : undefined;
    if (event?.type !== 'held' || event.meta.origin !== node) return;
    const transfer = transferOf(logged.stream) ?? '';
    log.alarm('a transfer is held; release, retry or abandon it', { transfer, reason: event.data.reason });
  };
  const subscription = projector.batches.subscribe((events) => events.forEach(raise));
  return () => subscription.unsubscribe();
};
