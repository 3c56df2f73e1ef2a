/** Sends alarms to the people who must see to them: as transfers like any other, which are tried until they are through. */
import { isLeft } from 'fp-ts/lib/Either.js';
import { ReplaySubject } from 'rxjs';
import type { SendRequest } from '../domain/control.ts';
import type { Answer } from '../domain/intake.ts';
import { type Alarm, mostAlarms, type NotificationSettings, noticeName, noticeOf } from '../domain/notification.ts';
import type { Clock, JsonObject, Live, Log, LoggedEvent } from '../domain/ports.ts';
import { decode } from '../domain/transfer/codec.ts';
import { transferOf } from '../domain/transfer/event-id.ts';
import type { Projector } from './projector.ts';
import type { Streams } from './streams.ts';

/** A log whose alarms are heard by others, too; who comes late hears the last hundred. */
export const heard = (log: Log, clock: Pick<Clock, 'now'>): { readonly log: Log; readonly alarms: Live<Alarm> } => {
  const alarms = new ReplaySubject<Alarm>(100);
  const alarm = (message: string, fields: JsonObject = {}): void => {
    log.alarm(message, fields);
    alarms.next({ at: clock.now(), message, fields });
  };
  return { log: { ...log, alarm }, alarms };
};

/** What notifying rests on. */
export type NotifyNeeds = {
  readonly alarms: Live<Alarm>;
  readonly projector: Pick<Projector, 'batches'>;
  readonly streams: Pick<Streams, 'load'>;
  readonly send: (request: SendRequest, bytes: AsyncIterable<Uint8Array>) => Answer<string>;
  readonly clock: Clock;
  readonly log: Log;
  readonly node: string;
};

/** Collects alarms, and what the peer holds, and sends them together; answers the means to stop, which sends what is left. */
export const notifying = (needs: NotifyNeeds, settings: NotificationSettings): (() => Promise<void>) => {
  const { clock, node } = needs;
  const { channel, viaDmz, collectFor } = settings;
  let waiting: Alarm[] = [];
  let others = 0;
  let cancel: (() => void) | undefined;
  let sending = Promise.resolve();

  /** What is wrong with a notification is told in the log: it would only make more of them. */
  const isOfOurs = async ({ transfer }: JsonObject): Promise<boolean> => {
    if (typeof transfer !== 'string') return false;
    const folded = await needs.streams.load(transfer);
    return !isLeft(folded) && folded.right?.transfer.channel === channel;
  };
  const sendAll = async (): Promise<void> => {
    cancel?.();
    cancel = undefined;
    if (waiting.length === 0) return;
    const [some, more] = [waiting, others];
    [waiting, others] = [[], 0];
    const bytes = Buffer.from(noticeOf(node, some, more));
    const request = { channel, directory: '/', name: noticeName(clock.now()), viaDmz, size: bytes.length };
    const sent = await needs.send({ ...request, login: 'notifications' }, once(bytes))();
    if (!isLeft(sent)) return;
    needs.log.error('alarms cannot be sent; it is tried again', { channel, why: sent.left.text });
    others += more + Math.max(0, some.length + waiting.length - mostAlarms);
    waiting = [...some, ...waiting].slice(0, mostAlarms);
    later();
  };
  const flush = (): Promise<void> => {
    sending = sending.then(sendAll);
    return sending;
  };
  const later = (): void => {
    cancel ??= clock.after(collectFor, () => void flush());
  };
  const collect = async (alarm: Alarm): Promise<void> => {
    if (await isOfOurs(alarm.fields)) return;
    if (waiting.length < mostAlarms) waiting.push(alarm);
    else others += 1;
    later();
  };
  const heldThere = (logged: LoggedEvent): void => {
    const event = logged.type === 'held' ? decode(logged) : undefined;
    if (event?.type !== 'held' || event.meta.origin === node) return;
    const fields = { transfer: transferOf(logged.stream) ?? '', at: event.meta.origin, reason: event.data.reason };
    void collect({ at: event.meta.at, message: 'a transfer is held', fields });
  };
  const subscriptions = [
    needs.alarms.subscribe((alarm) => void collect(alarm)),
    needs.projector.batches.subscribe((events) => events.forEach(heldThere)),
  ];
  return async () => {
    for (const subscription of subscriptions) subscription.unsubscribe();
    await flush();
    cancel?.();
  };
};

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  yield await Promise.resolve(bytes);
}
