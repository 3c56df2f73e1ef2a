import { link, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { directoryDelivery } from '../../../adapters/delivery/directory.ts';
import { explainLink } from '../../../adapters/delivery/failures.ts';
import { failing, permanent } from '../../../domain/failure.ts';
import { deliveryContract } from '../../contracts/delivery.ts';
import { memoryDelivery } from '../../support/memory-delivery.ts';
import { failureOf, inPieces, succeeded } from '../../support/outcome.ts';
import { scratch } from '../../support/scratch.ts';

deliveryContract('the file system', async () => {
  const directory = join(await scratch(), 'to', 'erp');
  return {
    delivery: directoryDelivery(),
    directory,
    content: (name) => readFile(join(directory, name), 'utf8'),
  };
});

deliveryContract('the double in memory', () => {
  const delivery = memoryDelivery();
  return Promise.resolve({
    delivery,
    directory: '/to/erp',
    content: (name) => Promise.resolve(delivery.content('/to/erp', name)?.toString()),
  });
});

const temporary = `.${'0'.repeat(26)}.0`;

describe('a delivery directory', () => {
  it('is created with its parents, closed to others', async () => {
    const root = await scratch();
    await succeeded(directoryDelivery().prepare(join(root, 'a', 'b'), temporary, inPieces(Buffer.from('x'))));
    for (const each of ['a', 'a/b']) expect((await stat(join(root, each))).mode & 0o027).toBe(0);
  });

  it('keeps a delivered file whose temporary name is prepared again', async () => {
    const root = await scratch();
    await writeFile(join(root, temporary), 'delivered');
    await link(join(root, temporary), join(root, 'final.txt'));
    await succeeded(directoryDelivery().prepare(root, temporary, inPieces(Buffer.from('another'))));
    expect(await readFile(join(root, 'final.txt'), 'utf8')).toBe('delivered');
  });

  it('does not write through a symbolic link that somebody laid at the temporary name', async () => {
    const root = await scratch();
    await writeFile(join(root, 'precious'), 'precious');
    await symlink(join(root, 'precious'), join(root, temporary));
    await succeeded(directoryDelivery().prepare(root, temporary, inPieces(Buffer.from('x'))));
    expect(await readFile(join(root, 'precious'), 'utf8')).toBe('precious');
  });

  it('leaves no half file when the payload cannot be read to its end, and passes its failure on', async () => {
    const root = await scratch();
    const cut = async function* () {
      yield* inPieces(Buffer.from('half'));
      throw failing(permanent('notFound', 'there is no payload dmz1.x'));
    };
    const failure = await failureOf(directoryDelivery().prepare(root, temporary, cut()));
    expect(failure).toMatchObject({ code: 'notFound', text: 'there is no payload dmz1.x' });
    expect(await readdir(root)).toEqual([]);
  });

  it('says which directory it could not use, and why', async () => {
    const root = await scratch();
    await writeFile(join(root, 'file'), '');
    const directory = join(root, 'file', 'sub');
    const failure = await failureOf(directoryDelivery().prepare(directory, temporary, inPieces(Buffer.from('x'))));
    expect(failure).toMatchObject({ lasting: 'temporary', code: 'unavailable' });
    expect(failure.text).toBe(`cannot write a file into ${directory}: a part of that path is a file`);
  });

  it('fails for good at a name that is too long', async () => {
    const root = await scratch();
    const delivery = directoryDelivery();
    await succeeded(delivery.prepare(root, temporary, inPieces(Buffer.from('x'))));
    const failure = await failureOf(delivery.link(root, temporary, 'n'.repeat(300)));
    expect(failure).toMatchObject({ lasting: 'permanent', code: 'nameTooLong' });
  });

  it('fails for good, saying what to do, where the file system has no hard links', () => {
    const failures = ['EPERM', 'ENOTSUP', 'EXDEV'].map((code) =>
      explainLink('/erp', temporary, 'final.txt')(Object.assign(new Error(code), { code })),
    );
    for (const failure of failures) {
      expect(failure).toMatchObject({ lasting: 'permanent', code: 'noHardLinks' });
      expect(failure.text).toMatch(/file system of \/erp cannot hard-link.*choose/);
    }
  });
});
