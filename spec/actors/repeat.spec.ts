import { left } from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { temporary } from '../../domain/failure.ts';
import type { EventLog } from '../../domain/ports.ts';
import { memoryDmz, put } from '../support/memory-dmz.ts';
import { memoryEventLog } from '../support/memory-event-log.ts';
import { succeeded } from '../support/outcome.ts';

type Dmz = Awaited<ReturnType<typeof memoryDmz>>;

const count = async ({ ports }: Dmz, type: string): Promise<number> =>
  (await succeeded(ports.eventLog.readAll({}))).filter((event) => event.type === type).length;

/** The connection is reset after the file was put: whether the partner had its OK is not known. */
const putAndLose = async (dmz: Dmz, content = 'content'): Promise<void> => {
  const session = await dmz.login();
  await put(session, '/a.xml', content);
  await session.close();
};

const restarted = async (dmz: Dmz): Promise<Dmz> => {
  await dmz.stop();
  const { eventLog, models, payloads, clock, ids } = dmz.ports;
  return memoryDmz({ eventLog, models, payloads, clock, ids });
};

describe('a file that is delivered again', () => {
  it('is no second transfer where the OK may have been lost, and that is recorded', async () => {
    const dmz = await memoryDmz();
    await putAndLose(dmz);
    await putAndLose(dmz);
    expect([await count(dmz, 'received'), await count(dmz, 'repeated')]).toEqual([1, 1]);
    await dmz.stop();
  });

  it('is none the third time either: the OK to the repeat may be lost, too, also by a crash of ours', async () => {
    const before = await memoryDmz();
    await putAndLose(before);
    await putAndLose(before);
    const dmz = await restarted(before);
    await putAndLose(dmz);
    await putAndLose(dmz);
    expect([await count(dmz, 'received'), await count(dmz, 'repeated')]).toEqual([1, 3]);
    await dmz.stop();
  });

  it('is a transfer of its own where the partner heard the OK to the repeat, also after a restart', async () => {
    const before = await memoryDmz();
    await putAndLose(before);
    const session = await before.login();
    await put(session, '/a.xml', 'content');
    await session.close({ orderly: true });
    const dmz = await restarted(before);
    await putAndLose(dmz);
    expect([await count(dmz, 'received'), await count(dmz, 'repeated')]).toEqual([2, 1]);
    await dmz.stop();
  });

  it('is no second transfer where our log stored the first without a word, and shows it late', async () => {
    const log = memoryEventLog();
    let [answers, gate] = [true, Promise.resolve()];
    const eventLog: EventLog = {
      ...log,
      append: (stream, events, options) => async () => {
        const done = await log.append(stream, events, options)();
        return answers ? done : left({ ...temporary('outcomeUnknown', 'no answer'), code: 'outcomeUnknown' });
      },
      follow: async function* (after, signal) {
        for await (const item of log.follow(after, signal)) {
          await gate;
          yield item;
        }
      },
    };
    const dmz = await memoryDmz({ eventLog });
    let show: () => void = () => undefined;
    gate = new Promise((resolve) => {
      show = resolve;
    });
    answers = false;
    await expect(putAndLose(dmz)).rejects.toThrow('unavailable');
    answers = true;
    const again = putAndLose(dmz);
    for (let i = 0; i < 100; i += 1) await new Promise(setImmediate);
    show();
    await again;
    expect([await count(dmz, 'received'), await count(dmz, 'repeated')]).toEqual([1, 1]);
    await dmz.stop();
  });

  it('is a transfer of its own where its content differs', async () => {
    const dmz = await memoryDmz();
    await putAndLose(dmz, 'one');
    await putAndLose(dmz, 'two');
    expect([await count(dmz, 'received'), await count(dmz, 'repeated')]).toEqual([2, 0]);
    await dmz.stop();
  });
});
