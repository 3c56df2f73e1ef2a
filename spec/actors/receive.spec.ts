import { isLeft, left } from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { permanent, temporary } from '../../domain/failure.ts';
import type { EventLog, PayloadStore } from '../../domain/ports.ts';
import { allowed, memoryDmz, put } from '../support/memory-dmz.ts';
import { memoryEventLog } from '../support/memory-event-log.ts';
import { memoryPayloadStore } from '../support/memory-payload-store.ts';
import { succeeded } from '../support/outcome.ts';

/** A log that once cannot take an event of this type. */
const failingOnce = (log: EventLog, type: string): EventLog => {
  let failed = false;
  const unavailable = { ...temporary('unavailable', 'the log is away'), code: 'unavailable' } as const;
  return {
    ...log,
    append: (stream, events, options) => {
      if (failed || !events.some((event) => event.type === type)) return log.append(stream, events, options);
      failed = true;
      return () => Promise.resolve(left(unavailable));
    },
  };
};

const received = async (log: EventLog) =>
  (await succeeded(log.readAll({}))).filter((event) => event.type === 'received').map((event) => event.data);

const bytesOfAll = async (store: PayloadStore) => {
  const keys: string[] = [];
  for await (const { key } of store.list('dmz-1')) keys.push(key);
  return keys;
};

/** A dmz with a file `/a.tmp` whose rename was recorded, but cut off before it could be answered. */
const cutOff = async () => {
  const payloads = memoryPayloadStore();
  const dmz = await memoryDmz({ eventLog: failingOnce(memoryEventLog(), 'uploadDelivered'), payloads });
  const session = await dmz.login();
  await put(session, '/a.tmp', 'first');
  const renamed = await session.rename('/a.tmp', '/a.xml')();
  expect(isLeft(renamed)).toBe(true);
  expect(await received(dmz.ports.eventLog)).toHaveLength(1);
  return { dmz, session, payloads };
};

describe('an upload whose rename was cut off after the transfer was recorded', () => {
  it('keeps the payload of the transfer when the partner puts the file again', async () => {
    const { dmz, session, payloads } = await cutOff();
    const [key = ''] = await bytesOfAll(payloads);
    await put(session, '/a.tmp', 'second');
    expect(await succeeded(payloads.stat(key))).toMatchObject({ size: 5 });
    await dmz.stop();
  });

  it('keeps the payload of the transfer when the partner removes the file', async () => {
    const { dmz, session, payloads } = await cutOff();
    await allowed(session.remove('/a.tmp'));
    expect(isLeft(await session.stat('/a.tmp')())).toBe(true);
    expect(await bytesOfAll(payloads)).toHaveLength(1);
    await dmz.stop();
  });

  it('is that one transfer when the partner renames it again', async () => {
    const { dmz, session } = await cutOff();
    await allowed(session.rename('/a.tmp', '/a.xml', { replace: true }));
    expect(await received(dmz.ports.eventLog)).toHaveLength(1);
    expect((await allowed(session.list('/'))).map((entry) => entry.name)).not.toContain('a.tmp');
    await dmz.stop();
  });
});

describe('an upload', () => {
  it('is either removed or delivered where two sessions want the one and the other at once', async () => {
    const payloads = memoryPayloadStore();
    const dmz = await memoryDmz({ payloads });
    const [one, two] = [await dmz.login(), await dmz.login()];
    await put(one, '/a.tmp', 'first');
    const [removed, renamed] = await Promise.all([one.remove('/a.tmp')(), two.rename('/a.tmp', '/a.xml')()]);
    expect([isLeft(removed), isLeft(renamed)]).toContain(true);
    expect(await bytesOfAll(payloads)).toHaveLength(isLeft(renamed) ? 0 : 1);
    expect(await received(dmz.ports.eventLog)).toHaveLength(isLeft(renamed) ? 0 : 1);
    await dmz.stop();
  });

  it('is not delivered without its payload', async () => {
    const payloads = memoryPayloadStore();
    const gone = () => Promise.resolve(left(permanent('notFound', 'gone')));
    const dmz = await memoryDmz({ payloads: { ...payloads, stat: () => gone } });
    const session = await dmz.login();
    await put(session, '/a.tmp', 'first');
    expect(await session.rename('/a.tmp', '/a.xml')()).toMatchObject({ left: { reason: 'notFound' } });
    expect(await received(dmz.ports.eventLog)).toEqual([]);
    await dmz.stop();
  });
});
