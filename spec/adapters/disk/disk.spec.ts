import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { dataDisk } from '../../../adapters/disk/index.ts';
import { failureOf, succeeded } from '../../support/outcome.ts';
import { scratch } from '../../support/scratch.ts';
import { mountSmallDisk } from '../../support/small-disk.ts';

const mebibyte = 1024 * 1024;
const small = async (directory: string) => {
  const mounted = await mountSmallDisk(directory, 8);
  onTestFinished(() => mounted.unmount());
  return mounted;
};

describe('the disk under a data directory', () => {
  it('says how much room there is', async () => {
    const directory = await scratch();
    const mounted = await small(directory);
    const disk = dataDisk({ directory });
    expect(await succeeded(disk.room())).toEqual({ free: 8 * mebibyte, total: 8 * mebibyte, reserved: 0 });
    await mounted.fill(mebibyte);
    expect(await succeeded(disk.room())).toEqual({ free: mebibyte, total: 8 * mebibyte, reserved: 0 });
  });

  it('keeps a reserve that really takes its room, and gives it up', async () => {
    const directory = await scratch();
    await small(directory);
    const disk = dataDisk({ directory });
    await succeeded(disk.reserve(2.5 * mebibyte));
    expect(await succeeded(disk.room())).toMatchObject({ free: 5.5 * mebibyte, reserved: 2.5 * mebibyte });
    expect((await stat(join(directory, 'reserve'))).blocks * 512).toBe(2.5 * mebibyte);
    await succeeded(disk.release());
    await succeeded(disk.release());
    expect(await succeeded(disk.room())).toMatchObject({ free: 8 * mebibyte, reserved: 0 });
  });

  it('leaves no half of a reserve for which there is no room', async () => {
    const directory = await scratch();
    await small(directory);
    const disk = dataDisk({ directory });
    expect(await failureOf(disk.reserve(9 * mebibyte))).toMatchObject({ code: 'noSpace', lasting: 'temporary' });
    expect(await readdir(directory)).toEqual([]);
  });

  it('counts a disk of the payloads’ own, where that has less room', async () => {
    const directory = await scratch();
    const transfer = join(directory, 'transfer');
    await mkdir(transfer);
    await small(transfer);
    expect(await succeeded(dataDisk({ directory }).room())).toMatchObject({ total: 8 * mebibyte });
  });

  it('fails where the directory is not there', async () => {
    expect(await failureOf(dataDisk({ directory: '/no/such' }).room())).toMatchObject({ code: 'unavailable' });
  });
});
