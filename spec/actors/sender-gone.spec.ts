import { describe, expect, it } from 'vitest';
import type { Session, Upload } from '../../domain/intake.ts';
import { allowed, memoryDmz, put } from '../support/memory-dmz.ts';
import { succeeded } from '../support/outcome.ts';

type Dmz = Awaited<ReturnType<typeof memoryDmz>>;

const begun = async (session: Session, path: string, content: string): Promise<Upload> => {
  const upload = await allowed(session.upload(path));
  await allowed(upload.write(0, Buffer.from(content)));
  return upload;
};

const payloads = async ({ ports }: Dmz): Promise<readonly string[]> => {
  const found: string[] = [];
  for await (const { size, committed } of ports.payloads.list('dmz-1'))
    found.push(`${size} ${committed ? 'whole' : 'part'}`);
  return found;
};

const recorded = async ({ ports }: Dmz): Promise<readonly string[]> =>
  (await succeeded(ports.eventLog.readAll({})))
    .map((event) => event.type)
    .filter((type) => type === 'received' || type === 'repeated' || type.startsWith('upload'));

const seen = async (session: Session) =>
  (await allowed(session.list('/'))).map(({ name, size, incomplete }) => ({ name, size, incomplete }));

const gone = { unless: () => Promise.resolve(true) };
const refused = { left: { reason: 'unavailable' } };

describe('an upload whose sender is gone when its bytes are on disk', () => {
  it('is asked about between the payload and the record', async () => {
    const dmz = await memoryDmz();
    const upload = await begun(await dmz.login(), '/a.xml', 'whole');
    const facts: unknown[] = [];
    const unless = async (): Promise<boolean> => {
      facts.push(await payloads(dmz), await recorded(dmz));
      return false;
    };
    await allowed(upload.complete({ unless }));
    expect(facts).toEqual([['5 whole'], []]);
    expect(await recorded(dmz)).toEqual(['received']);
    await dmz.stop();
  });

  it.each(['/a.xml', '/a.tmp'])(
    'is no transfer and no whole file, but goes on with a later session: %s',
    async (path) => {
      const dmz = await memoryDmz();
      const upload = await begun(await dmz.login(), path, 'half, ');
      expect(await upload.complete(gone)()).toMatchObject(refused);
      await upload.abandon();
      expect(await recorded(dmz)).toEqual(['uploadOpened']);
      expect(await payloads(dmz)).toEqual(['6 part']);
      const session = await dmz.login();
      expect(await seen(session)).toEqual([{ name: path.slice(1), size: 6, incomplete: true }]);
      const resumed = await allowed(session.upload(path, { resume: true }));
      expect(resumed.size).toBe(6);
      await allowed(resumed.write(6, Buffer.from('whole')));
      await allowed(resumed.complete());
      expect(await payloads(dmz)).toEqual(['11 whole']);
      expect(await recorded(dmz)).toContain(path === '/a.xml' ? 'received' : 'uploadCompleted');
      await dmz.stop();
    },
  );

  it('is gone on with by a session that asks for the rest before that is known', async () => {
    const dmz = await memoryDmz();
    const [old, anew] = [await dmz.login(), await dmz.login()];
    const upload = await begun(old, '/a.xml', 'half, ');
    const [ended, resumed] = await Promise.all([
      upload.complete(gone)(),
      allowed(anew.upload('/a.xml', { resume: true })),
    ]);
    expect(ended).toMatchObject(refused);
    expect(resumed.size).toBe(6);
    await allowed(resumed.write(6, Buffer.from('whole')));
    await allowed(resumed.complete());
    expect(await payloads(dmz)).toEqual(['11 whole']);
    await dmz.stop();
  });

  it('leaves nothing where it is empty, or is just sent anew', async () => {
    const dmz = await memoryDmz();
    const [old, anew] = [await dmz.login(), await dmz.login()];
    const empty = await begun(old, '/empty', '');
    expect(await empty.complete(gone)()).toMatchObject(refused);
    expect(await payloads(dmz)).toEqual([]);
    const upload = await begun(old, '/a.xml', 'half');
    await Promise.all([upload.complete(gone)(), put(anew, '/a.xml', 'whole')]);
    expect(await payloads(dmz)).toEqual(['5 whole']);
    expect(await seen(anew)).toEqual([{ name: 'a.xml', size: 5 }]);
    expect(await recorded(dmz)).toEqual(['received']);
    await dmz.stop();
  });

  it('is not taken for the repeat of an earlier file', async () => {
    const dmz = await memoryDmz();
    const old = await dmz.login();
    await put(old, '/a.xml', 'the same');
    await old.close();
    const again = await begun(await dmz.login(), '/a.xml', 'the same');
    expect(await again.complete(gone)()).toMatchObject(refused);
    expect(await recorded(dmz)).toEqual(['received', 'uploadOpened']);
    await put(await dmz.login(), '/a.xml', 'the same');
    expect(await recorded(dmz)).toEqual(['received', 'uploadOpened', 'uploadExpired', 'repeated']);
    await dmz.stop();
  });
});
