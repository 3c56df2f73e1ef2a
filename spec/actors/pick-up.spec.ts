import { left } from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { download } from '../../actors/download.ts';
import { watchPickUp } from '../../actors/pick-up.ts';
import { temporary } from '../../domain/failure.ts';
import { provider } from '../support/provided.ts';

const id = '1'.repeat(26);
const content = 'x'.repeat(1_000);
const taken = { taken: true };

/** A dmz that provides one file; `open` is a partner that reads it. */
const providing = async (after: 'keep' | 'delete' = 'keep', text = content) => {
  const dmz = await provider();
  await dmz.staged(id, '/', 'a.xml', text, after);
  await dmz.provides(id);
  const [row] = await dmz.shown();
  if (row === undefined) throw new Error('nothing is shown');
  const open = (streams = dmz.streams) => {
    const bytes = download(dmz.payloads, row.payload?.key ?? '', row.size);
    return watchPickUp({ ...dmz, streams }, row, bytes, { login: 'acme' }, 'sftp');
  };
  return { ...dmz, open };
};

describe('a provided file', () => {
  it('is picked up once it was read to its end and its partner has it all', async () => {
    const dmz = await providing();
    const file = dmz.open();
    await file.read(0, 600)();
    await file.read(600, 600)();
    expect(await dmz.stateOf(id)).toBe('provided');
    await file.close(taken);
    expect(await dmz.stateOf(id)).toBe('pickedUp');
  });

  it('stays where the channel keeps what was picked up, and goes where it deletes it', async () => {
    for (const [after, left] of [
      ['keep', 1],
      ['delete', 0],
    ] as const) {
      const dmz = await providing(after);
      const file = dmz.open();
      await file.read(0, 1_000)();
      await file.close(taken);
      expect(await dmz.shown()).toHaveLength(left);
      const again = dmz.open();
      await again.read(0, 1_000)();
      await again.close(taken);
      expect(await dmz.stateOf(id)).toBe('pickedUp');
    }
  });

  it('is picked up by the rest, where a download goes on after a break', async () => {
    const dmz = await providing();
    const file = dmz.open();
    await file.read(400, 600)();
    await file.close(taken);
    expect(await dmz.stateOf(id)).toBe('pickedUp');
  });

  it('is picked up, too, where there is nothing in it', async () => {
    const dmz = await providing('keep', '');
    await dmz.open().close(taken);
    expect(await dmz.stateOf(id)).toBe('pickedUp');
  });

  it('is not picked up by one that stopped before the end, nor by one whose connection broke', async () => {
    const dmz = await providing();
    const stopped = dmz.open();
    await stopped.read(0, 999)();
    await stopped.close(taken);
    const broken = dmz.open();
    await broken.read(0, 1_000)();
    await broken.close();
    expect(await dmz.stateOf(id)).toBe('provided');
  });

  it('is being read for as long as anybody has it open', async () => {
    const dmz = await providing();
    const [one, other] = [dmz.open(), dmz.open()];
    expect(dmz.reading.get(id)).toBe(2);
    await one.close();
    await one.close();
    expect(dmz.reading.get(id)).toBe(1);
    await other.close(taken);
    expect(dmz.reading.has(id)).toBe(false);
  });

  it('is not said to be picked up where that cannot be recorded', async () => {
    const dmz = await providing();
    const full = { ...dmz.streams, record: () => Promise.resolve(left(temporary('noSpace', 'the log is full'))) };
    const file = dmz.open(full);
    await file.read(0, 1_000)();
    await expect(file.close(taken)).rejects.toThrow('the log is full');
    expect(dmz.reading.has(id)).toBe(false);
  });
});
