import { left, right } from 'fp-ts/lib/Either.js';
import { Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { heard, type NotifyNeeds, notifying } from '../../actors/notify.ts';
import { refusal } from '../../domain/failure.ts';
import { mostAlarms } from '../../domain/notification.ts';
import { manualClock } from '../support/manual-clock.ts';
import { silent } from '../support/silent.ts';

const world = () => {
  const clock = manualClock();
  const { log, alarms } = heard(silent, clock);
  const sent: string[] = [];
  let refusing = false;
  const needs = {
    ...{ alarms, log, clock, node: 'inner-1', projector: { batches: new Subject() } },
    streams: {
      load: (id: string) => Promise.resolve(right(id === 'own' ? { transfer: { channel: 'operators' } } : undefined)),
    },
    send: (_: unknown, bytes: AsyncIterable<Uint8Array>) => async () => {
      if (refusing) return left(refusal('unavailable', 'not now'));
      let text = '';
      for await (const piece of bytes) text += Buffer.from(piece).toString();
      sent.push(text);
      return right('id');
    },
  } as unknown as NotifyNeeds;
  const settings = { channel: 'operators', viaDmz: false, collectFor: 60_000 };
  return {
    ...{ clock, log, sent },
    refuse: (now: boolean) => {
      refusing = now;
    },
    start: () => notifying(needs, settings),
  };
};
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('alarms', () => {
  it('of one minute go together, also those from before anybody listened', async () => {
    const { clock, log, sent, start } = world();
    log.alarm('one');
    const stop = start();
    log.alarm('two');
    await settled();
    expect(sent).toEqual([]);
    clock.advance(60_000);
    await settled();
    expect(sent).toEqual([expect.stringMatching(/one\r\n.*two\r\n/)]);
    await stop();
    expect(sent).toHaveLength(1);
  });

  it('that cannot be sent are sent later, the oldest first, and no more than there is room for', async () => {
    const { clock, log, sent, start, refuse } = world();
    const stop = start();
    refuse(true);
    log.alarm('first');
    await settled();
    clock.advance(60_000);
    await settled();
    for (let i = 0; i < mostAlarms + 4; i += 1) log.alarm(`more ${i}`);
    await settled();
    refuse(false);
    clock.advance(60_000);
    await settled();
    expect(sent).toEqual([expect.stringMatching(/first\r\n.*more 0\r\n[\s\S]*and 5 more/)]);
    await stop();
  });

  it('about a notification make no other', async () => {
    const { log, sent, start } = world();
    const stop = start();
    log.alarm('a transfer is held', { transfer: 'own' });
    await settled();
    await stop();
    expect(sent).toEqual([]);
  });

  it('are sent before the server stops', async () => {
    const { log, sent, start } = world();
    const stop = start();
    log.alarm('one');
    await settled();
    await stop();
    expect(sent).toHaveLength(1);
  });
});
