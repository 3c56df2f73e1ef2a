import { describe, expect, it } from 'vitest';
import { fact } from '../../support/given.ts';
import { failureOf, succeeded } from '../../support/outcome.ts';
import { keepFor, provider } from '../../support/provided.ts';

const [first, second] = ['1'.repeat(26), '2'.repeat(26)];
const paths = async (dmz: Awaited<ReturnType<typeof provider>>) => (await dmz.shown()).map((row) => row.path).sort();

describe('providing a file in the home of a partner', () => {
  it('shows it at its path, in directories that are made for it, for so long as its channel says', async () => {
    const dmz = await provider();
    await dmz.staged(first, '/out/invoices', 'a.xml', 'hello', 'delete');
    expect(await succeeded(await dmz.trying(first))).toMatchObject([
      { type: 'provided', data: { path: '/out/invoices/a.xml', until: dmz.now() + keepFor, afterPickUp: 'delete' } },
    ]);
    await dmz.provides(first);
    expect(await paths(dmz)).toEqual(['/out', '/out/invoices', '/out/invoices/a.xml']);
  });

  it('puts a newer one in the place of an older one, which has then had its time', async () => {
    const dmz = await provider();
    await dmz.staged(first, '/', 'a.xml', 'older');
    await dmz.provides(first);
    await dmz.staged(second, '/', 'a.xml', 'newer one');
    await dmz.provides(second);
    expect(await dmz.stateOf(first)).toBe('expired');
    expect(await dmz.shown()).toMatchObject([{ path: '/a.xml', id: second, size: 9 }]);
  });

  it('lets the newer one wait while somebody reads the older, and counts no failure', async () => {
    const dmz = await provider();
    await dmz.staged(first, '/', 'a.xml', 'older');
    await dmz.provides(first);
    await dmz.staged(second, '/', 'a.xml', 'newer');
    dmz.reading.set(first, 1);
    const waiting = await failureOf(await dmz.trying(second));
    expect(waiting).toMatchObject({ code: 'noSlot', text: '/a.xml is being read; the newer file waits' });
    expect(await dmz.stateOf(first)).toBe('provided');
    dmz.reading.delete(first);
    await dmz.provides(second);
    expect(await dmz.shown()).toMatchObject([{ id: second }]);
  });

  it('waits while it cannot see what is there: nothing older is missed', async () => {
    const dmz = await provider();
    await dmz.staged(first, '/', 'a.xml', 'older');
    dmz.disk.full = true;
    await dmz.provides(first);
    await dmz.staged(second, '/', 'a.xml', 'newer');
    expect(await failureOf(await dmz.trying(second))).toMatchObject({ lasting: 'temporary', code: 'noSlot' });
  });

  it('fails where the payload is not there', async () => {
    const dmz = await provider();
    await dmz.staged(first, '/', 'a.xml', 'hello');
    await dmz.payloads.remove(`dmz-1.${first}`)();
    expect(await failureOf(await dmz.trying(first))).toMatchObject({ lasting: 'permanent', code: 'notFound' });
  });

  it('is over for one that nobody picked up', async () => {
    const dmz = await provider();
    await dmz.staged(first, '/', 'a.xml', 'hello');
    await dmz.provides(first);
    await dmz.streams.record(first, 'expire', () => ({ _tag: 'Right', right: [fact('expired')] }));
    expect(await paths(dmz)).toEqual([]);
  });
});
