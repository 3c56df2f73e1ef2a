import { isLeft } from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { runningAgain } from '../../actors/again.ts';
import { heldKeys } from '../../actors/held-keys.ts';
import type { Role } from '../../domain/role.ts';
import { fact, id } from '../support/given.ts';
import { countedIds, manualClock } from '../support/manual-clock.ts';
import { memoryEventLog } from '../support/memory-event-log.ts';
import { memoryPayloadStore } from '../support/memory-payload-store.ts';
import { succeeded } from '../support/outcome.ts';
import { streamsOf, tell } from '../support/telling.ts';

const bytes = Buffer.from('hello');
const sha256 = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';
const key = `inner-1.${id}`;

/** An inner with a file that was delivered. */
const inner = async (role: Role = 'inner') => {
  const told = { eventLog: memoryEventLog(), clock: manualClock(), ids: countedIds() };
  const payload = { key, size: 5, sha256 };
  const target = { kind: 'file', directory: '/out', name: 'a.xml' } as const;
  await tell(told, id, fact('created', { scenario: 'innerOnly', payload, target }), 'prepared', 'sent');
  const disk = { committed: new Map<string, Uint8Array>([[key, bytes]]), partials: new Map() };
  const payloads = memoryPayloadStore(disk);
  const streams = streamsOf(told, 'inner');
  const held = heldKeys();
  const run = runningAgain({ payloads, streams, held, ids: told.ids, role, node: 'inner-1', dmz: () => 'dmz-1' });
  return { told, disk, payloads, streams, held, run };
};

const refusedBy = async (run: ReturnType<typeof runningAgain>, which = id): Promise<string> => {
  const done = await run(which, { login: 'anna' });
  return isLeft(done) ? done.left.text : 'it was not refused';
};

describe('a transfer that is run again', () => {
  it('is a new one with a copy of the payload, which names the old one and who asked; the old one stays as it is', async () => {
    const { disk, streams, run } = await inner();
    const done = await run(id, { login: 'anna' });
    if (isLeft(done)) throw new Error(done.left.text);
    const own = `inner-1.${done.right}`;
    expect(Buffer.from(disk.committed.get(own) ?? []).toString()).toBe('hello');
    const events = await succeeded(() => streams.events(done.right));
    expect(events.map(({ type, data }) => ({ type, data }))).toMatchObject([
      { type: 'created', data: { scenario: 'innerOnly', again: id, by: { login: 'anna' }, payload: { key: own } } },
    ]);
    expect((await succeeded(() => streams.events(id))).map(({ type }) => type)).toEqual([
      'created',
      'prepared',
      'sent',
    ]);
  });

  it('is swept neither of the old payload nor of the new one while it is copied', async () => {
    const { payloads, held, disk, streams, told } = await inner();
    const swept: string[] = [];
    const sweep = (each: string) => held.unlessHeld(each, () => Promise.resolve(void swept.push(each)));
    const watched = {
      ...payloads,
      read: (which: string) => async () => {
        await Promise.all([key, 'inner-1.00000000000000000000000001', 'inner-1.other'].map(sweep));
        return payloads.read(which)();
      },
    };
    const fresh = () => '00000000000000000000000001';
    const ids = { ...told.ids, fresh };
    const needs = { payloads: watched, streams, held, ids, role: 'inner', node: 'inner-1', dmz: () => '' } as const;
    expect(isLeft(await runningAgain(needs)(id, {}))).toBe(false);
    expect(swept).toEqual(['inner-1.other']);
    expect(disk.committed.has(key)).toBe(true);
  });

  it('is refused where the payload was purged, and says when', async () => {
    const { told, disk, run } = await inner();
    disk.committed.delete(key);
    await tell(told, id, 'purged');
    expect(await refusedBy(run)).toBe('its payload is not here any more: it was purged at 2026-01-01T00:00:00.000Z');
    expect([...disk.committed]).toEqual([]);
  });

  it('is refused where the bytes are not those that were received, and nothing of them is kept', async () => {
    const { disk, run } = await inner();
    disk.committed.set(key, Buffer.from('jello'));
    expect(await refusedBy(run)).toBe('its payload is not what was received: the disk cannot be trusted');
    expect([...disk.committed.keys()]).toEqual([key]);
  });

  it('is refused on dmz, and where there is none', async () => {
    expect(await refusedBy((await inner('dmz')).run)).toBe('only inner runs a transfer again; ask it there');
    expect(await refusedBy((await inner()).run, '0'.repeat(26))).toBe(`there is no transfer ${'0'.repeat(26)}`);
  });
});
