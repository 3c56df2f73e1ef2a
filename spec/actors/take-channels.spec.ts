import { isLeft } from 'fp-ts/lib/Either.js';
import { afterEach, describe, expect, it } from 'vitest';
import { startProjector } from '../../actors/projector.ts';
import { openStreams } from '../../actors/streams.ts';
import { openTaker } from '../../actors/take-channels.ts';
import { recallTaken } from '../../actors/taken-channels.ts';
import type { ReplicatedChannel } from '../../domain/channel.ts';
import type { Log } from '../../domain/ports.ts';
import type { ChannelUpdate } from '../../domain/replication.ts';
import { channelsProjection } from '../../projections/channels.ts';
import { countedIds, manualClock } from '../support/manual-clock.ts';
import { allowed } from '../support/memory-dmz.ts';
import { memoryEventLog } from '../support/memory-event-log.ts';
import { memoryReadModels } from '../support/memory-read-models.ts';
import { certificateOf, memorySignatures, type Other, updateOf } from '../support/memory-signatures.ts';

const channel = (name: string, maxSize = 1): ReplicatedChannel => ({
  ...{ name, login: name, publicKeys: ['ssh-ed25519 AAAA'], clientCertificates: [], temporaryNames: [] },
  ...{ completeOn: 'close', markerSuffix: '.ok', maxSize, maxSessions: 1 },
});
const [a, b, c] = [channel('a'), channel('b'), channel('c')] as const;
const from = { role: 'inner', node: 'inner-1' } as const;
const stopping: AbortController[] = [];
afterEach(() => {
  for (const each of stopping.splice(0)) each.abort();
});

/** A dmz over its log: what it says and which channels it has; `open` again is a restart. */
const world = async (eventLog = memoryEventLog()) => {
  const stop = new AbortController();
  stopping.push(stop);
  const alarms: string[] = [];
  const ended: string[] = [];
  const quiet = () => undefined;
  const alarm: Log['alarm'] = (message, fields) => alarms.push(`${message}: ${JSON.stringify(fields?.why)}`);
  const log: Log = { debug: quiet, info: quiet, warn: quiet, error: quiet, alarm };
  const [clock, ids, models] = [manualClock(), countedIds(), memoryReadModels()];
  const streams = openStreams({ log: eventLog, clock, ids, role: 'dmz', node: 'dmz-1' });
  const projector = await startProjector({ eventLog, models, clock, log }, [channelsProjection], stop.signal);
  await projector.caughtUp;
  const needs = { models, projection: channelsProjection, projector, streams, ids, log, certificateOf };
  const own = { signatures: memorySignatures('dmz-1'), node: 'dmz-1', end: (name: string) => ended.push(name) };
  const taker = openTaker({ ...needs, ...own }, await recallTaken(eventLog, 'dmz-1'));
  const takeAll = async (updates: readonly ChannelUpdate[]) => {
    let said = await taker.take(from, undefined);
    for (const update of updates) said = await taker.take(from, update);
    return isLeft(said) ? said.left.text : `${said.right.held?.counter ?? 'none'}${said.right.wantsAll ? ', all' : ''}`;
  };
  const has = async () => {
    const rows = await models.query(channelsProjection, { limit: 100 })();
    return isLeft(rows) ? [] : rows.right.map((row) => `${row.channel.name}${row.channel.maxSize}`).sort();
  };
  return {
    ...{ alarms, ended, taker, has, eventLog },
    take: (channels: readonly ReplicatedChannel[], other?: Other) => takeAll(updateOf(channels, other)),
    takeAll,
  };
};

describe('dmz', () => {
  it('takes the first channels, in parts too', async () => {
    const dmz = await world();
    expect(await dmz.take([a, b, c], { parts: 3 })).toBe('1');
    expect(await dmz.has()).toEqual(['a1', 'b1', 'c1']);
  });

  it('takes changes on its base: added, changed, removed, whose sessions end', async () => {
    const dmz = await world();
    await dmz.take([a, b]);
    const bigger = channel('a', 7);
    expect(await dmz.take([bigger, c], { all: [bigger, c], counter: 4, base: 1, removed: ['b'] })).toBe('4');
    expect(await dmz.has()).toEqual(['a7', 'c1']);
    expect(dmz.ended).toEqual(['b']);
  });

  it('asks for all of them when the base is another, or when the changes do not lead to what inner has', async () => {
    const dmz = await world();
    await dmz.take([a, b], { counter: 5 });
    expect(await dmz.take([c], { all: [a, b, c], counter: 7, base: 6 })).toBe('5, all');
    expect(await dmz.take([c], { all: [a, c], counter: 7, base: 5 })).toBe('5, all');
    expect(await dmz.has()).toEqual(['a1', 'b1']);
  });

  it('refuses a replayed older snapshot, and says so aloud', async () => {
    const dmz = await world();
    const older = updateOf([a, b], { counter: 2 });
    await dmz.takeAll(older);
    await dmz.take([a], { counter: 3 });
    expect(await dmz.takeAll(older)).toBe('the channels are older (2) than those that are here (3)');
    expect(await dmz.has()).toEqual(['a1']);
    expect(dmz.alarms).toEqual([expect.stringContaining('the channels are older')]);
  });

  it('refuses other content under the same counter', async () => {
    const dmz = await world();
    await dmz.take([a, b], { counter: 2 });
    expect(await dmz.take([a, c], { counter: 2 })).toMatch(/other channels came under the number 2/);
    expect(await dmz.has()).toEqual(['a1', 'b1']);
    expect(dmz.alarms).toHaveLength(1);
  });

  it('refuses what another key signed, and what was changed after it was signed', async () => {
    const dmz = await world();
    await dmz.take([a]);
    const text = 'the channels are not signed with the key of inner-1';
    expect(await dmz.take([b], { counter: 2, by: 'dmz-1' })).toBe(text);
    expect(await dmz.take([b], { counter: 2, node: 'inner-2', by: 'inner-2' })).toBe(text);
    const changed = updateOf([b], { counter: 2 }).map((each) => ({ ...each, channels: [c] }));
    expect(await dmz.takeAll(changed)).toBe(text);
    const emptied = updateOf([a, b], { counter: 2 }).map((each) => ({ ...each, removed: ['a'] }));
    expect(await dmz.takeAll(emptied)).toBe(text);
    expect(await dmz.has()).toEqual(['a1']);
    expect(dmz.alarms).toEqual(Array(4).fill(`refused channels: "${text}"`));
  });

  it('refuses a missing part, and takes all of them sent again', async () => {
    const dmz = await world();
    const [first, second, third] = updateOf([a, b, c], { parts: 3 });
    if (first === undefined || second === undefined || third === undefined) throw new Error('three parts');
    expect(await dmz.takeAll([first, third])).toMatch(/a part of the channels is missing/);
    expect(await dmz.has()).toEqual([]);
    expect(await dmz.takeAll([first, second, third])).toBe('1');
  });

  it('refuses a new epoch until a person accepts what was shown', async () => {
    const dmz = await world();
    await dmz.take([a, b], { counter: 9 });
    const bigger = channel('a', 7);
    expect(await dmz.take([bigger, c], { epoch: 'two' })).toMatch(/new epoch .*two, here is one.*accept-epoch/);
    expect(dmz.alarms).toHaveLength(1);
    expect(await dmz.has()).toEqual(['a1', 'b1']);
    expect(await allowed(dmz.taker.diff)).toMatchObject({
      ...{ has: { epoch: 'one', counter: 9 }, wants: { epoch: 'two', counter: 1 } },
      ...{ added: ['c'], changed: ['a'], removed: ['b'] },
    });
    expect(await dmz.taker.accept('two', 2, 'ann')).toMatchObject({ left: { reason: 'illegal' } });
    expect(await dmz.taker.accept('two', 1, 'ann')).toMatchObject({
      right: 'epoch two is accepted: 1 channels added, 1 changed, 1 removed',
    });
    expect(await dmz.has()).toEqual(['a7', 'c1']);
    expect(dmz.ended).toEqual(['b']);
    expect(await dmz.taker.accept('two', 1, 'ann')).toMatchObject({ left: { reason: 'notFound' } });
    expect(await dmz.take([a], { counter: 10 })).toMatch(/of epoch one, which was left for two/);
  });

  it('remembers all of that over a restart', async () => {
    const before = await world();
    await before.take([a, b], { counter: 5 });
    await before.take([a], { epoch: 'two', counter: 3 });
    await before.taker.accept('two', 3, 'ann');
    const dmz = await world(before.eventLog);
    expect(await dmz.has()).toEqual(['a1']);
    expect(await dmz.takeAll([])).toBe('3');
    expect(await dmz.take([a, b], { epoch: 'two', counter: 2 })).toMatch(/older \(2\)/);
    expect(await dmz.take([a, b], { counter: 6 })).toMatch(/which was left/);
    expect(await dmz.take([c], { all: [a, c], epoch: 'two', counter: 4, base: 3 })).toBe('4');
  });
});
