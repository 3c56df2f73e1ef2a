import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { JsonObject, Log } from '../../domain/ports.ts';
import { manualClock } from '../support/manual-clock.ts';
import { allowed, memoryDmz, put } from '../support/memory-dmz.ts';
import { until } from '../support/until.ts';

const hour = 3_600_000;
const day = 24 * hour;

const opened = async () => {
  const clock = manualClock();
  const alarms: JsonObject[] = [];
  const nothing = () => undefined;
  const log: Log = {
    ...{ debug: nothing, info: nothing, warn: nothing, error: nothing },
    alarm: (message, fields = {}) => void alarms.push({ message, ...fields }),
  };
  const dmz = await memoryDmz({ clock, log });
  /** Lets so many hours go by, and the sweep of each come to its end. */
  const pass = async (hours: number): Promise<void> => {
    for (let i = 0; i < hours; i += 1) {
      clock.advance(hour);
      for (let turns = 0; turns < 20; turns += 1) await turn();
    }
  };
  return { dmz, clock, alarms, pass };
};

/** A file of which half came. */
const half = async (dmz: Awaited<ReturnType<typeof memoryDmz>>, path: string): Promise<void> => {
  const session = await dmz.login();
  const upload = await allowed(session.upload(path));
  await allowed(upload.write(0, Buffer.from('half')));
  await session.close();
};

describe('an upload with which nobody goes on', () => {
  it('raises one alarm after a day, and is removed with its bytes after 14', async () => {
    const { dmz, alarms, pass } = await opened();
    await half(dmz, '/a.xml');
    await pass(23);
    expect(alarms).toEqual([]);
    await pass(3);
    expect(alarms).toMatchObject([{ channel: 'acme', path: '/a.xml', begun: '2026-01-01T00:00:00.000Z' }]);
    await pass((13 * day) / hour - 3);
    const session = await dmz.login();
    expect(await allowed(session.list('/'))).toHaveLength(1);
    await pass(2);
    await until('it is gone', async () => (await allowed(session.list('/'))).length === 0);
    expect(await dmz.ports.payloads.list('dmz-1')[Symbol.asyncIterator]().next()).toMatchObject({ done: true });
    expect(alarms).toHaveLength(1);
    await dmz.stop();
  });

  it('is left alone while it is being written', async () => {
    const { dmz, alarms, pass } = await opened();
    const session = await dmz.login();
    const upload = await allowed(session.upload('/a.xml'));
    await allowed(upload.write(0, Buffer.alloc(1024 * 1024)));
    await pass((15 * day) / hour);
    expect(alarms).toEqual([]);
    await allowed(upload.complete());
    expect(await allowed(session.stat('/a.xml'))).toMatchObject({ size: 1024 * 1024 });
    await dmz.stop();
  });

  it('is never removed once the partner had its OK: it only waits for its name, and raises an alarm', async () => {
    const { dmz, alarms, pass } = await opened();
    const session = await dmz.login();
    await put(session, '/a.tmp', 'whole');
    await pass((20 * day) / hour);
    expect(await allowed(session.stat('/a.tmp'))).toMatchObject({ size: 5 });
    expect(alarms).toMatchObject([{ path: '/a.tmp' }]);
    await dmz.stop();
  });
});
