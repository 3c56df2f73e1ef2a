import { isLeft } from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import type { Session } from '../../domain/intake.ts';
import { manualClock } from '../support/manual-clock.ts';
import { allowed, memoryDmz, put } from '../support/memory-dmz.ts';
import { fullReadModels, memoryReadModels } from '../support/memory-read-models.ts';

const names = async (session: Session) => (await allowed(session.list('/'))).map((entry) => entry.name);

describe('a home with two files under one path', () => {
  it('shows the one that came later, also where the wall clock was set back between them', async () => {
    const clock = manualClock();
    let back = 0;
    const dmz = await memoryDmz({ clock: { ...clock, now: () => clock.now() - back } });
    const session = await dmz.login();
    await put(session, '/a.xml', 'first');
    back = 3_600_000;
    await put(session, '/a.xml', 'the second');
    expect(await allowed(session.stat('/a.xml'))).toMatchObject({ size: 10 });
    await dmz.stop();
  });

  it('shows none of them once the path is removed', async () => {
    const dmz = await memoryDmz();
    const session = await dmz.login();
    await put(session, '/a.xml', 'first');
    await put(session, '/a.xml', 'second');
    await allowed(session.remove('/a.xml'));
    expect(isLeft(await session.stat('/a.xml')())).toBe(true);
    await dmz.stop();
  });

  it('shows the later one at its new path only, once it is renamed', async () => {
    const dmz = await memoryDmz();
    const session = await dmz.login();
    for (const content of ['first', 'the second']) await put(session, '/a.xml', content);
    for (const content of ['third', 'fourth']) await put(session, '/b.xml', content);
    await allowed(session.rename('/a.xml', '/b.xml', { replace: true }));
    expect(await names(session)).toEqual(['b.xml']);
    expect(await allowed(session.stat('/b.xml'))).toMatchObject({ size: 10 });
    await allowed(session.remove('/b.xml'));
    expect(await names(session)).toEqual([]);
    await dmz.stop();
  });
});

describe('a home in which a file with a lost OK is delivered again', () => {
  const lost = async (dmz: Awaited<ReturnType<typeof memoryDmz>>): Promise<void> => {
    const session = await dmz.login();
    await put(session, '/a.tmp', 'content');
    await allowed(session.rename('/a.tmp', '/a.xml', { replace: true }));
    await session.close();
  };

  it('shows it, though the rename was to replace the first one', async () => {
    const dmz = await memoryDmz();
    await lost(dmz);
    await lost(dmz);
    expect(await names(await dmz.login())).toEqual(['a.xml']);
    await dmz.stop();
  });

  it('shows it again where the partner had removed or renamed the first one', async () => {
    const dmz = await memoryDmz();
    for (const change of ['remove', 'rename'] as const) {
      await lost(dmz);
      const session = await dmz.login();
      if (change === 'remove') await allowed(session.remove('/a.xml'));
      else await allowed(session.rename('/a.xml', '/old.xml'));
      await session.close();
      await lost(dmz);
      expect(await names(await dmz.login())).toEqual(['a.xml']);
    }
    await dmz.stop();
  });
});

describe('a home whose read models wait for room on the disk', () => {
  it('changes nothing by what it showed before', async () => {
    const disk = { full: false };
    const dmz = await memoryDmz({ models: fullReadModels(memoryReadModels(), disk) });
    const session = await dmz.login();
    await put(session, '/a.tmp', 'content');
    disk.full = true;
    for (const change of [session.rename('/a.tmp', '/a.xml'), session.remove('/a.tmp'), session.upload('/a.tmp')])
      expect(await change()).toMatchObject({ _tag: 'Left', left: { reason: 'unavailable' } });
    await dmz.stop();
  });
});
