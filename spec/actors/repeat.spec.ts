import { describe, expect, it } from 'vitest';
import { memoryDmz, put } from '../support/memory-dmz.ts';
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

  it('is a transfer of its own where its content differs', async () => {
    const dmz = await memoryDmz();
    await putAndLose(dmz, 'one');
    await putAndLose(dmz, 'two');
    expect([await count(dmz, 'received'), await count(dmz, 'repeated')]).toEqual([2, 0]);
    await dmz.stop();
  });
});
