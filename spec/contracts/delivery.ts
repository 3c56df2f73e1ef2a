/** What every delivery keeps to. */
import { describe, expect, it } from 'vitest';
import type { Delivery } from '../../domain/ports.ts';
import { failureOf, inPieces, succeeded } from '../support/outcome.ts';

/** A delivery, a directory for it that does not exist yet, and a way to look at what it did. */
export type DeliveryUnderTest = {
  readonly delivery: Delivery;
  readonly directory: string;
  readonly content: (name: string) => Promise<string | undefined>;
};

const temporary = `.${'0'.repeat(26)}.0`;

/** Runs the contract; `open` gives a fresh delivery. */
export const deliveryContract = (name: string, open: () => Promise<DeliveryUnderTest>): void => {
  const prepared = async (text = 'result') => {
    const under = await open();
    const facts = await succeeded(under.delivery.prepare(under.directory, temporary, inPieces(Buffer.from(text), 3)));
    return { ...under, facts };
  };

  describe(`${name} as a delivery`, () => {
    it('prepares a file under its temporary name and says how it will be known again', async () => {
      const { delivery, directory, content, facts } = await prepared();
      expect(await content(temporary)).toBe('result');
      expect(facts.links).toBe(1);
      expect(await succeeded(delivery.look(directory, temporary))).toEqual(facts);
    });

    it('links under the final name, which the facts of the temporary then show', async () => {
      const { delivery, directory, content, facts } = await prepared();
      await succeeded(delivery.link(directory, temporary, 'final.txt'));
      expect(await content('final.txt')).toBe('result');
      const linked = await succeeded(delivery.look(directory, temporary));
      expect(linked).toMatchObject({ inode: facts.inode, links: 2 });
      expect(await succeeded(delivery.look(directory, 'final.txt'))).toEqual(linked);
    });

    it('shows by the ctime that it was linked even when the final name was taken away since', async () => {
      const { delivery, directory, facts } = await prepared();
      await succeeded(delivery.link(directory, temporary, 'final.txt'));
      await succeeded(delivery.unlink(directory, 'final.txt'));
      const after = await succeeded(delivery.look(directory, temporary));
      expect(after).toMatchObject({ inode: facts.inode, links: 1 });
      expect(after?.ctime).not.toBe(facts.ctime);
    });

    it('leaves the final file alone when the temporary goes', async () => {
      const { delivery, directory, content } = await prepared();
      await succeeded(delivery.link(directory, temporary, 'final.txt'));
      await succeeded(delivery.unlink(directory, temporary));
      expect(await succeeded(delivery.look(directory, temporary))).toBeUndefined();
      expect(await succeeded(delivery.look(directory, 'final.txt'))).toMatchObject({ links: 1 });
      expect(await content('final.txt')).toBe('result');
    });

    it('never overwrites a final name', async () => {
      const { delivery, directory, content } = await prepared('old');
      await succeeded(delivery.link(directory, temporary, 'final.txt'));
      await succeeded(delivery.prepare(directory, temporary, inPieces(Buffer.from('new'))));
      const failure = await failureOf(delivery.link(directory, temporary, 'final.txt'));
      expect(failure).toMatchObject({ code: 'exists', lasting: 'permanent' });
      expect(await content('final.txt')).toBe('old');
      expect(await content(temporary)).toBe('new');
    });

    it('has nothing to link where the temporary is gone', async () => {
      const { delivery, directory } = await prepared();
      await succeeded(delivery.unlink(directory, temporary));
      expect(await failureOf(delivery.link(directory, temporary, 'final.txt'))).toMatchObject({ code: 'notFound' });
    });

    it('does not mind a name or a directory that is not there', async () => {
      const { delivery, directory } = await open();
      expect(await succeeded(delivery.look(directory, 'nothing'))).toBeUndefined();
      await succeeded(delivery.unlink(directory, 'nothing'));
      expect(await succeeded(delivery.temporaries(directory))).toEqual([]);
    });

    it('finds temporaries that look like ours, and only them', async () => {
      const { delivery, directory } = await prepared();
      const second = `.${'z'.repeat(26)}.12`;
      for (const name of [second, `.${'0'.repeat(26)}`, `.${'l'.repeat(26)}.1`, 'a.txt', '.hidden.1'])
        await succeeded(delivery.prepare(directory, name, inPieces(Buffer.from('x'))));
      expect([...(await succeeded(delivery.temporaries(directory)))].sort()).toEqual([temporary, second].sort());
    });

    it('throws at names that are paths', async () => {
      const { delivery, directory } = await prepared();
      for (const bad of ['', '.', '..', '../x', 'a/b', 'a\0b']) {
        await expect(delivery.link(directory, temporary, bad)()).rejects.toThrow(/plain/);
        await expect(delivery.prepare(directory, bad, inPieces(Buffer.from('x')))()).rejects.toThrow(/plain/);
        await expect(delivery.unlink(directory, bad)()).rejects.toThrow(/plain/);
        await expect(delivery.look(directory, bad)()).rejects.toThrow(/plain/);
      }
    });
  });
};
