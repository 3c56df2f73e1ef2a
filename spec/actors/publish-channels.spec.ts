import { right } from 'fp-ts/lib/Either.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { describe, expect, it } from 'vitest';
import { openPublisher } from '../../actors/publish-channels.ts';
import { openStreams } from '../../actors/streams.ts';
import type { ChannelConfig } from '../../domain/channel-settings.ts';
import { temporary } from '../../domain/failure.ts';
import type { EventLog, Log } from '../../domain/ports.ts';
import type { ChannelUpdate, HeldChannels } from '../../domain/replication.ts';
import { configs, verifiers } from '../simulation/config.ts';
import { countedIds, manualClock } from '../support/manual-clock.ts';
import { memoryEventLog } from '../support/memory-event-log.ts';
import { memoryMessages } from '../support/memory-messages.ts';
import { memorySignatures } from '../support/memory-signatures.ts';
import { handlers } from '../support/message-pair.ts';
import { succeeded } from '../support/outcome.ts';

const template = configs.inner.role === 'inner' ? configs.inner.channels[0] : undefined;
if (template === undefined) throw new Error('the config has a channel');
const channel = (name: string, other: Partial<ChannelConfig> = {}): ChannelConfig => ({
  ...{ ...template, password: undefined, verifier: '$argon2id$x', name, login: name },
  ...other,
});
const [a, b, c] = [channel('a'), channel('b'), channel('c')] as const;

/** A dmz that has what it was brought last, unless told otherwise, and keeps what it heard. */
const fakeDmz = () => {
  const heard: ChannelUpdate[] = [];
  const dmz = { heard, held: undefined as HeldChannels | undefined, wantsAll: false };
  const take = (update: ChannelUpdate | undefined) => {
    if (update === undefined) return Promise.resolve(right({ ...(dmz.held && { held: dmz.held }), wantsAll: false }));
    heard.push(update);
    const { node, epoch, counter, digest, proof, base, part, parts } = update;
    const wantsAll = dmz.wantsAll && base !== null;
    if (!wantsAll && part === parts - 1) dmz.held = { node, epoch, counter, digest, proof };
    return Promise.resolve(right({ ...(dmz.held && { held: dmz.held }), wantsAll }));
  };
  return { ...dmz, dmz, take };
};

const world = async (eventLog = memoryEventLog(), dmz = fakeDmz(), maxMessageSize = 1_000_000, ids = countedIds()) => {
  const link = memoryMessages({ inner: 'inner-1', dmz: 'dmz-1' });
  const alarms: string[] = [];
  const quiet = () => undefined;
  const log: Log = { debug: quiet, info: quiet, warn: quiet, error: quiet, alarm: (text) => alarms.push(text) };
  await succeeded(link.dmz.start(handlers({ channels: (_from, update) => dmz.take(update) })));
  await succeeded(link.inner.start(handlers()));
  const clock = manualClock();
  const streams = openStreams({ log: eventLog, clock, ids, role: 'inner', node: 'inner-1' });
  const needs = { eventLog, streams, ids, signatures: memorySignatures('inner-1'), node: 'inner-1' };
  const publisher = await openPublisher({ ...needs, messages: link.inner, verifiers, clock, log, maxMessageSize });
  return {
    ...{ publisher, alarms, eventLog, ids, fake: dmz, dmz: dmz.dmz },
    publish: (...channels: readonly ChannelConfig[]) => publisher.publish(channels, new Map()),
    heard: () =>
      dmz.heard.splice(0).map(({ counter, base, channels, removed }) => ({
        ...{ counter, base, removed, channels: channels.map((each) => each.name) },
      })),
  };
};

describe('inner', () => {
  it('brings all channels first, then only what changed and what was removed', async () => {
    const inner = await world();
    await inner.publish(a, b);
    expect(inner.heard()).toEqual([{ counter: 1, base: null, channels: ['a', 'b'], removed: [] }]);
    await inner.publish(channel('a', { maxSize: 7 }), c);
    expect(inner.heard()).toEqual([{ counter: 2, base: 1, channels: ['a', 'c'], removed: ['b'] }]);
    await inner.publish(channel('a', { maxSize: 7 }), c);
    expect(inner.heard()).toEqual([]);
  });

  it('begins anew where recording very many was cut off', async () => {
    const eventLog = memoryEventLog();
    const { dmz, take, heard } = fakeDmz();
    let appends = 0;
    const cutOff: EventLog = {
      ...eventLog,
      append: (...args) => {
        appends += 1;
        return appends > 1
          ? TE.left({ ...temporary('unavailable', 'gone'), code: 'unavailable' })
          : eventLog.append(...args);
      },
    };
    const many = Array.from({ length: 6_000 }, (_, n) => channel(`many-${n}`));
    const ids = countedIds();
    const first = await world(cutOff, fakeDmz(), 1_000_000, ids);
    await expect(first.publish(...many)).rejects.toThrow('gone');
    expect(await succeeded(eventLog.readStream('channels-inner-1'))).toHaveLength(5);
    const fake = { ...dmz, heard, dmz, take };
    await (await world(eventLog, fake, 1_000_000, ids)).publish(a, b);
    const third = await world(eventLog, fake, 1_000_000, ids);
    third.heard();
    await third.publish(a, b);
    expect(third.heard()).toEqual([]);
  });

  it('does not show what is invisible, and a channel that becomes invisible is removed', async () => {
    const inner = await world();
    await inner.publish(a, channel('b', { invisibleToDmz: true }));
    await inner.publish(channel('a', { invisibleToDmz: true }));
    expect(inner.heard()).toEqual([
      { counter: 1, base: null, channels: ['a'], removed: [] },
      { counter: 2, base: 1, channels: [], removed: ['a'] },
    ]);
  });

  it('goes on from what it published before its restart', async () => {
    const before = await world();
    await before.publish(a, b);
    before.heard();
    const inner = await world(before.eventLog, before.fake, 1_000_000, before.ids);
    await inner.publish(a, c);
    expect(inner.heard()).toEqual([{ counter: 2, base: 1, channels: ['c'], removed: ['b'] }]);
  });

  it('tells all that happened since the base of a dmz that was away', async () => {
    const inner = await world();
    await inner.publish(a, b);
    const { held } = inner.dmz;
    await inner.publish(a);
    await inner.publish(a, channel('b', { maxSize: 7 }));
    await inner.publish(a, b, c);
    inner.heard();
    inner.dmz.held = held;
    await inner.publish(a, b, c);
    expect(inner.heard()).toEqual([{ counter: 4, base: 1, channels: ['b', 'c'], removed: [] }]);
  });

  it('sends all of them where dmz cannot go on from its base', async () => {
    const inner = await world();
    await inner.publish(a);
    inner.heard();
    inner.dmz.wantsAll = true;
    await inner.publish(a, b);
    expect(inner.heard()).toEqual([
      { counter: 2, base: 1, channels: ['b'], removed: [] },
      { counter: 2, base: null, channels: ['a', 'b'], removed: [] },
    ]);
  });

  it('sends what is too much for one message in parts', async () => {
    const inner = await world(memoryEventLog(), fakeDmz(), 1000);
    await inner.publish(a, b, c);
    expect(inner.heard().map((each) => each.channels)).toEqual([['a'], ['b'], ['c']]);
  });

  it('begins a new epoch when dmz has what it does not remember: it was restored', async () => {
    const before = await world();
    await before.publish(a);
    await before.publish(a, b);
    const old = before.publisher.version();
    // its log is empty again, and its ids come as they came before
    const inner = await world(memoryEventLog(), before.fake);
    inner.heard();
    await inner.publish(a, c);
    expect(inner.heard()).toEqual([{ counter: 1, base: null, channels: ['a', 'c'], removed: [] }]);
    expect(inner.publisher.version()?.epoch).not.toBe(old?.epoch);
    expect(inner.alarms).toEqual([expect.stringContaining('A new epoch begins')]);
  });

  it('does not believe a dmz that claims to have what was never published', async () => {
    const inner = await world();
    await inner.publish(a);
    const version = inner.publisher.version();
    if (version === undefined) throw new Error('it was published');
    inner.dmz.held = { ...version, counter: 99 };
    inner.heard();
    await inner.publish(a, b);
    expect(inner.heard()).toEqual([]);
    expect(inner.publisher.version()?.epoch).toBe(version.epoch);
    expect(inner.alarms).toEqual([expect.stringContaining('never published')]);
  });
});
