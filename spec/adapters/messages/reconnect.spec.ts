import { afterEach, describe, expect, it } from 'vitest';
import { messageService } from '../../../adapters/messages/index.ts';
import { limits } from '../../../adapters/messages/limits.ts';
import type { Clock } from '../../../domain/ports.ts';
import { handlers, linked, must, parcelOf } from '../../support/message-pair.ts';
import { clockOf, keysOf, logOf, realOptions, realPair } from './world.ts';

const keys = await keysOf([
  { role: 'inner', node: 'inner1', hosts: [] },
  { role: 'dmz', node: 'dmz1', hosts: [] },
]);

const networkHandles = (): number =>
  process.getActiveResourcesInfo().filter((name) => /TCP|TLS|HTTP2/i.test(name)).length;

describe('a link of the message service', () => {
  const disposals: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const dispose of disposals.splice(0)) await dispose();
  });

  it.each(['pushback', 'direct'] as const)('comes back when the peer is closed and opened again (%s)', async (mode) => {
    const options = await realOptions(mode, keys);
    const inner = messageService(options.inner);
    const first = messageService(options.dmz);
    disposals.push(() => inner.close(), options.toDmz.close, options.toInner.close);
    must(await first.start(handlers())());
    must(await inner.start(handlers())());
    await Promise.all([linked(inner, true), linked(first, true)]);
    await first.close();
    await linked(inner, false);
    const second = messageService(options.dmz);
    disposals.unshift(() => second.close());
    must(await second.start(handlers())());
    await Promise.all([linked(inner, true), linked(second, true)]);
    expect(must(await second.events('inner1', [parcelOf('dmz1', 1)])())).toHaveLength(1);
    expect(must(await inner.events('dmz1', [parcelOf('inner1', 1)])())).toHaveLength(1);
  });

  it('comes up whichever side starts first', async () => {
    const options = await realOptions('pushback', keys, { clock: clockOf(10) });
    const { log, warned } = logOf();
    const inner = messageService({ ...options.inner, log });
    const dmz = messageService(options.dmz);
    disposals.push(
      () => inner.close(),
      () => dmz.close(),
      options.toDmz.close,
      options.toInner.close,
    );
    must(await inner.start(handlers())());
    await warned(/no link to dmz1/);
    must(await dmz.start(handlers())());
    await Promise.all([linked(inner, true), linked(dmz, true)]);
  });

  it('is opened by inner alone in pushback mode', async () => {
    const pair = await realPair('pushback', keys);
    disposals.push(pair.dispose);
    must(await pair.dmz.start(handlers())());
    must(await pair.inner.start(handlers())());
    await linked(pair.dmz, true);
    must(await pair.dmz.events('inner1', [parcelOf('dmz1', 1)])());
    pair.cut();
    await linked(pair.dmz, false);
    pair.mend();
    await linked(pair.dmz, true);
    expect(pair.toDmz.made()).toBe(8);
    expect(pair.toInner.made()).toBe(0);
  });

  it('is dead on both sides when no byte passes for 10 s, though nothing was closed', async () => {
    const pair = await realPair('pushback', keys, { clock: clockOf(20) });
    disposals.push(pair.dispose);
    must(await pair.dmz.start(handlers())());
    must(await pair.inner.start(handlers())());
    await Promise.all([linked(pair.inner, true), linked(pair.dmz, true)]);
    const down = Promise.all([linked(pair.inner, false), linked(pair.dmz, false)]);
    pair.toDmz.freeze();
    await down;
    await Promise.all([linked(pair.inner, true), linked(pair.dmz, true)]);
  });

  it('stays up while nobody has anything to say', async () => {
    let beats = 0;
    let enough: () => void = () => undefined;
    const beaten = new Promise<void>((resolve) => {
      enough = resolve;
    });
    const clock: Clock = {
      ...clockOf(20),
      after: (milliseconds, callback) =>
        clockOf(20).after(milliseconds, () => {
          callback();
          if (milliseconds === limits.ping && ++beats === 60) enough();
        }),
    };
    const pair = await realPair('pushback', keys, { clock });
    disposals.push(pair.dispose);
    must(await pair.dmz.start(handlers())());
    must(await pair.inner.start(handlers())());
    await Promise.all([linked(pair.inner, true), linked(pair.dmz, true)]);
    let downs = 0;
    pair.inner.onLink(() => downs++);
    // ten pings on each end of three connections: 25 s
    await beaten;
    expect(downs).toBe(0);
  });

  it('closes within 2 s though a request hangs, and leaves no handle', async () => {
    const before = networkHandles();
    const pair = await realPair('direct', keys);
    let asked: () => void = () => undefined;
    const reached = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const hanging = handlers({
      events: () => {
        asked();
        return new Promise(() => undefined);
      },
    });
    must(await pair.dmz.start(hanging)());
    must(await pair.inner.start(handlers())());
    await linked(pair.inner, true);
    const answer = pair.inner.events('dmz1', [parcelOf('inner1', 1)])();
    await reached;
    const began = performance.now();
    await Promise.all([pair.inner.close(), pair.dmz.close()]);
    expect(performance.now() - began).toBeLessThan(2_000);
    expect((await answer)._tag).toBe('Left');
    await pair.dispose();
    // the system frees a closed socket a moment later; one that is kept is kept until the test times out
    while (networkHandles() > before) await new Promise((resolve) => setImmediate(resolve));
  });

  it('fails to start, with the setting to mend, where its port is taken', async () => {
    const options = await realOptions('pushback', keys);
    const first = messageService(options.dmz);
    const second = messageService(options.dmz);
    disposals.push(
      () => first.close(),
      () => second.close(),
      options.toDmz.close,
      options.toInner.close,
    );
    must(await first.start(handlers())());
    const started = await second.start(handlers())();
    expect(started).toMatchObject({ left: { lasting: 'permanent', code: 'listen' } });
    expect(started).toHaveProperty('left.text', expect.stringContaining(`127.0.0.1:${options.dmz.port}`));
  });
});
