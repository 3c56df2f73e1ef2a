import { describe, expect, it } from 'vitest';
import type { Session, Upload } from '../../domain/intake.ts';
import { allowed, memoryDmz, put } from '../support/memory-dmz.ts';
import { succeeded } from '../support/outcome.ts';

const half = async (session: Session, size: number): Promise<Upload> => {
  const upload = await allowed(session.upload('/a.xml'));
  await allowed(upload.write(0, Buffer.alloc(size, 'x')));
  return upload;
};

/** What is left of uploads: payloads by size. */
const payloads = async ({ ports }: Awaited<ReturnType<typeof memoryDmz>>): Promise<readonly number[]> => {
  const sizes: number[] = [];
  for await (const { size } of ports.payloads.list('dmz-1')) sizes.push(size);
  return sizes;
};

const seen = async (session: Session) => (await allowed(session.list('/'))).map(({ name, size }) => `${name} ${size}`);

describe('an upload that was cut off, and whose connection ends only after the file was sent anew', () => {
  it.each([10, 1024 * 1024])('of %i bytes leaves nothing, and the file that arrived is what is seen', async (size) => {
    const dmz = await memoryDmz();
    const [old, anew] = [await dmz.login(), await dmz.login()];
    await half(old, size);
    await put(anew, '/a.xml', 'whole');
    await old.close();
    expect(await seen(anew)).toEqual(['a.xml 5']);
    expect(await payloads(dmz)).toEqual([5]);
    await dmz.stop();
  });

  it('leaves nothing where it ends just as the file begins anew', async () => {
    const dmz = await memoryDmz();
    const [old, anew] = [await dmz.login(), await dmz.login()];
    await half(old, 10);
    await Promise.all([old.close(), put(anew, '/a.xml', 'whole')]);
    expect(await seen(anew)).toEqual(['a.xml 5']);
    expect(await payloads(dmz)).toEqual([5]);
    await dmz.stop();
  });

  it('is gone on with where it is just being given up', async () => {
    const dmz = await memoryDmz();
    const [old, anew] = [await dmz.login(), await dmz.login()];
    await half(old, 10);
    const [, resumed] = await Promise.all([old.close(), anew.upload('/a.xml', { resume: true })()]);
    expect(resumed).toMatchObject({ right: { size: 10 } });
    await dmz.stop();
  });
});

describe('an upload that grew too large after it was recorded', () => {
  it('is not found again', async () => {
    const dmz = await memoryDmz();
    const session = await dmz.login();
    const upload = await half(session, 1024 * 1024);
    expect(await upload.write(1024 * 1024, Buffer.from('one byte too many'))()).toMatchObject({
      left: { reason: 'tooLarge' },
    });
    await upload.abandon();
    expect(await seen(session)).toEqual([]);
    const types = (await succeeded(dmz.ports.eventLog.readAll({}))).map((event) => event.type);
    expect(types.filter((type) => type.startsWith('upload'))).toEqual(['uploadOpened', 'uploadExpired']);
    await dmz.stop();
  });
});
