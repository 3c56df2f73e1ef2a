import { appendFile, link, mkdir, readdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { directoryOutboxes } from '../../../adapters/outboxes/index.ts';
import { asideName, type DroppedFile, isUnchanged } from '../../../domain/outbox.ts';
import { bytesOf, succeeded } from '../../support/outcome.ts';
import { scratch } from '../../support/scratch.ts';

const outboxes = directoryOutboxes();
const transfer = '0'.repeat(26);

/** A directory with `a.xml`, and its facts. */
const dropped = async (): Promise<{ readonly directory: string; readonly file: DroppedFile }> => {
  const directory = await scratch();
  await writeFile(join(directory, 'a.xml'), 'hello');
  const [file] = await succeeded(outboxes.list(directory));
  if (file === undefined) throw new Error('nothing was dropped');
  return { directory, file };
};

describe('an outbox of this machine', () => {
  it('lists plain files, and neither directories nor links', async () => {
    const { directory, file } = await dropped();
    await mkdir(join(directory, 'b'));
    await symlink('/etc/passwd', join(directory, 'c'));
    expect(await succeeded(outboxes.list(directory))).toEqual([file]);
    expect(file).toMatchObject({ name: 'a.xml', size: 5 });
  });

  it('gives the bytes of the very file that was listed', async () => {
    const { directory, file } = await dropped();
    expect(Buffer.from(await bytesOf(await succeeded(outboxes.read(directory, file)))).toString()).toBe('hello');
    await writeFile(join(directory, 'new'), 'HELLO');
    await rename(join(directory, 'new'), join(directory, 'a.xml'));
    expect(await outboxes.read(directory, file)()).toMatchObject({ left: { code: 'changed' } });
    await symlink('new', join(directory, 'b.xml'));
    expect(await outboxes.read(directory, { ...file, name: 'b.xml' })()).toMatchObject({ left: { code: 'changed' } });
  });

  it('notices a file that is written while it is read', async () => {
    const { directory, file } = await dropped();
    const bytes = await succeeded(outboxes.read(directory, file));
    await appendFile(join(directory, 'a.xml'), ', world');
    await expect(bytesOf(bytes)).rejects.toMatchObject({ cause: { code: 'changed' } });
  });

  it('removes that file, and leaves no trace of it', async () => {
    const { directory, file } = await dropped();
    await succeeded(outboxes.remove(directory, file, transfer));
    expect(await readdir(directory)).toEqual([]);
    await succeeded(outboxes.remove(directory, file, transfer));
  });

  it('leaves another file of its name, and one that has grown', async () => {
    const { directory, file } = await dropped();
    await appendFile(join(directory, 'a.xml'), ', world');
    await succeeded(outboxes.remove(directory, file, transfer));
    await writeFile(join(directory, 'new'), 'HELLO');
    await rename(join(directory, 'new'), join(directory, 'a.xml'));
    await succeeded(outboxes.remove(directory, file, transfer));
    expect(await readFile(join(directory, 'a.xml'), 'utf8')).toBe('HELLO');
    expect(await readdir(directory)).toEqual(['a.xml']);
  });

  it('goes on with a removal that was cut off', async () => {
    const { directory, file } = await dropped();
    await rename(join(directory, 'a.xml'), join(directory, asideName(transfer)));
    const [aside] = await succeeded(outboxes.list(directory));
    expect(aside !== undefined && isUnchanged(aside, file)).toBe(true);
    await succeeded(outboxes.remove(directory, aside ?? file, transfer));
    expect(await readdir(directory)).toEqual([]);
  });

  it('tells two droppings of one file apart', async () => {
    const { directory, file } = await dropped();
    await link(join(directory, 'a.xml'), join(directory, 'b'));
    await succeeded(outboxes.remove(directory, file, transfer));
    await rename(join(directory, 'b'), join(directory, 'a.xml'));
    const [again] = await succeeded(outboxes.list(directory));
    expect(again).toMatchObject({ name: 'a.xml', inode: file.inode, modified: file.modified });
    expect(again?.changed).not.toBe(file.changed);
  });
});
