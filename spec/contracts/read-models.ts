/** What every store of read models does. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Projection, Query, ReadModels, Summary } from '../../domain/ports.ts';
import { rightOf } from '../support/event-log-under-test.ts';

/** Read models under test. `reopen` closes them and opens them again. */
export type OpenedModels = {
  readonly models: ReadModels;
  readonly reopen: () => Promise<ReadModels>;
  readonly dispose: () => Promise<void>;
};

type Ship = { readonly name: string; readonly port: string | null; readonly size: number; readonly crew?: number };

const ships: Projection<Ship> = {
  name: 'ships',
  version: 1,
  indexes: { port: (row) => row.port, size: (row) => row.size, crew: (row) => row.crew ?? null },
  sparse: ['crew'],
  keyOf: () => undefined,
  fold: (row) => row,
};
const ship = (name: string, port: string | null, size: number): Ship => ({ name, port, size });
const fleet: readonly (readonly [string, Ship])[] = [
  ['k1', ship('Anna', 'Bremen', 3)],
  ['k2', ship('Berta', 'Kiel', 1)],
  ['k3', ship('Clara', null, 2)],
  ['k4', ship('Dora', 'Bremen', 2)],
  ['k5', ship('Emma', 'Kiel', 10)],
];

/** Runs the contract on the read models that `open` makes. */
export const readModelsContract = (name: string, open: () => Promise<OpenedModels>): void => {
  describe(`read models (${name})`, () => {
    let opened: OpenedModels;
    let models: ReadModels;
    beforeEach(async () => {
      opened = await open();
      ({ models } = opened);
      expect(rightOf(await models.open(ships)())).toBeUndefined();
      rightOf(await models.put(ships, new Map(fleet))());
    });
    afterEach(() => opened.dispose());
    const names = async (query: Partial<Query>) =>
      rightOf(await models.query(ships, { limit: 100, ...query })()).map((row) => row.name);

    it('gets rows by key and leaves out what is not there', async () => {
      const got = rightOf(await models.get(ships, ['k5', 'none', 'k1'])());
      expect(got).toEqual(new Map([fleet[4], fleet[0]] as [string, Ship][]));
      expect(rightOf(await models.get(ships, [])())).toEqual(new Map());
    });
    it('gives back rows as they were put', async () => {
      const row = { name: 'ä\u0000😀"\'', port: null, size: -0.5, more: { list: [1, null, { x: true }] } };
      rightOf(await models.put(ships, new Map([["k'6", row]]))());
      expect(rightOf(await models.get(ships, ["k'6"])()).get("k'6")).toEqual(row);
    });
    it('replaces and removes rows', async () => {
      rightOf(
        await models.put(
          ships,
          new Map([
            ['k1', ship('Anna', 'Kiel', 4)],
            ['k2', undefined],
            ['none', undefined],
          ]),
        )(),
      );
      expect(await names({ where: { port: 'Kiel' } })).toEqual(['Anna', 'Emma']);
      expect(await names({ where: { port: 'Bremen' } })).toEqual(['Dora']);
      expect(rightOf(await models.count(ships)())).toBe(4);
    });
    it('puts all rows or none', async () => {
      const rows = new Map([
        ['k6', ship('Frieda', 'Kiel', 1)],
        ['k7', ship('Gerda', 'Kiel', Number.NaN)],
      ]);
      await expect(models.put(ships, rows, { checkpoint: 'p9' })()).rejects.toThrow('index size of ships must be');
      expect(rightOf(await models.count(ships)())).toBe(5);
      expect(rightOf(await models.open(ships)())).toBeUndefined();
    });

    it.each<[string, Partial<Query>, readonly string[]]>([
      ['by key without an order', {}, ['Anna', 'Berta', 'Clara', 'Dora', 'Emma']],
      ['by key downwards', { descending: true }, ['Emma', 'Dora', 'Clara', 'Berta', 'Anna']],
      ['numbers as numbers, then by key', { orderBy: 'size' }, ['Berta', 'Clara', 'Dora', 'Anna', 'Emma']],
      [
        'key and index in the same direction',
        { orderBy: 'size', descending: true },
        ['Emma', 'Anna', 'Dora', 'Clara', 'Berta'],
      ],
      ['null before all else', { orderBy: 'port' }, ['Clara', 'Anna', 'Dora', 'Berta', 'Emma']],
      ['a page', { orderBy: 'size', limit: 2, offset: 1 }, ['Clara', 'Dora']],
      ['nothing for the limit 0', { limit: 0 }, []],
      ['nothing beyond the end', { offset: 5 }, []],
    ])('orders %s', async (_, query, expected) => {
      expect(await names(query)).toEqual(expected);
    });
    it('orders text by code points', async () => {
      const texts = ['a', 'B', 'ä', '\uff5e', '😀', ''];
      rightOf(await models.put(ships, new Map(fleet.map(([key]) => [key, undefined])))());
      rightOf(await models.put(ships, new Map(texts.map((text, n) => [`k${n}`, ship(text, text, 0)])))());
      expect(await names({ orderBy: 'port' })).toEqual(['', 'B', 'a', 'ä', '\uff5e', '😀']);
    });

    it.each<[string, NonNullable<Query['where']>, readonly string[]]>([
      ['an equal value', { port: 'Kiel' }, ['Berta', 'Emma']],
      ['null', { port: null }, ['Clara']],
      ['a range, both ends included', { size: { from: 2, to: 3 } }, ['Anna', 'Clara', 'Dora']],
      ['an open range', { size: { from: 3 } }, ['Anna', 'Emma']],
      ['a range of text, in which null never lies', { port: { to: 'Bremen' } }, ['Anna', 'Dora']],
      ['any value but null for a range without ends', { port: {} }, ['Anna', 'Berta', 'Dora', 'Emma']],
      ['all conditions together', { port: 'Bremen', size: { to: 2 } }, ['Dora']],
      ['no value of another type', { size: '1' }, []],
      ['nothing of SQL', { port: "' OR 1 = 1 --" }, []],
    ])('finds and counts %s', async (_, where, expected) => {
      expect(await names({ where })).toEqual(expected);
      expect(rightOf(await models.count(ships, where)())).toBe(expected.length);
    });
    it('finds the keys of a range, both ends included, also together with a condition', async () => {
      const keys = { from: 'k2', to: 'k4' };
      expect(await names({ keys })).toEqual(['Berta', 'Clara', 'Dora']);
      expect(await names({ keys, where: { port: 'Bremen' }, orderBy: 'size' })).toEqual(['Dora']);
    });
    it('throws at an index that there is not, and at a limit that is no number of rows', async () => {
      await expect(models.query(ships, { where: { name: 'Anna' }, limit: 1 })()).rejects.toThrow('no index name');
      await expect(models.query(ships, { orderBy: 'key', limit: 1 })()).rejects.toThrow('no index key');
      await expect(models.count(ships, { constructor: 1 })()).rejects.toThrow('no index constructor');
      await expect(models.query(ships, { limit: -1 })()).rejects.toThrow('-1');
      await expect(models.query(ships, { limit: 1, offset: 0.5 })()).rejects.toThrow('0.5');
    });
    it('finds by a sparse index what has a value of it, in its order, and wants a condition on it', async () => {
      const manned = [...fleet.entries()].map(
        ([n, [key, row]]) => [key, n < 3 ? { ...row, crew: 9 - n } : row] as const,
      );
      rightOf(await models.put(ships, new Map(manned))());
      expect(await names({ where: { crew: { from: 8 } }, orderBy: 'crew' })).toEqual(['Berta', 'Anna']);
      expect(await names({ where: { crew: 7 } })).toEqual(['Clara']);
      expect(await names({ where: { crew: {}, port: 'Kiel' }, orderBy: 'crew' })).toEqual(['Berta']);
      expect(rightOf(await models.count(ships, { crew: {} })())).toBe(3);
      await expect(models.query(ships, { orderBy: 'crew', limit: 1 })()).rejects.toThrow('say a condition on it');
      await expect(models.query(ships, { where: { crew: null }, limit: 1 })()).rejects.toThrow('say a condition on it');
      await expect(models.count(ships, { crew: null })()).rejects.toThrow('say a condition on it');
    });
    it('throws at a read model that was not opened', async () => {
      await expect(models.get({ ...ships, name: 'boats' }, ['k1'])()).rejects.toThrow('before it was opened');
    });

    it('goes on behind a row of a page, also between rows of the same value', async () => {
      rightOf(await models.put(ships, new Map([['k6', ship('Frieda', 'Ulm', 2)]]))());
      for (const [descending, expected] of [
        [false, ['Berta', 'Clara', 'Dora', 'Frieda', 'Anna', 'Emma']],
        [true, ['Emma', 'Anna', 'Frieda', 'Dora', 'Clara', 'Berta']],
      ] as const) {
        const seen: string[] = [];
        let after: Query['after'] | undefined;
        for (;;) {
          const page = { orderBy: 'size', descending, limit: 1, ...(after === undefined ? {} : { after }) };
          const [row] = rightOf(await models.query(ships, page)());
          if (row === undefined) break;
          seen.push(row.name);
          const key = [...fleet, ['k6', ship('Frieda', 'Ulm', 2)] as const].find(([, each]) => each.name === row.name);
          after = [row.size, key?.[0] ?? ''];
        }
        expect(seen).toEqual(expected);
      }
    });
    it('keeps what is counted from its rows with them', async () => {
      const ports: Summary<Ship, { readonly port: string; readonly ships: number }> = {
        name: 'ports',
        indexes: { ships: (row) => row.ships },
        keysOf: () => [],
        count: (row) => row ?? { port: '', ships: 0 },
      };
      const counted: Projection<Ship> = { ...ships, name: 'counted', summaries: [ports] };
      rightOf(await models.open(counted)());
      const rows = new Map([['Kiel', { port: 'Kiel', ships: 2 }]]);
      const along = { checkpoint: 'p1', passed: 7, summaries: new Map([['ports', rows]]) };
      rightOf(await models.put(counted, new Map(fleet), along)());
      rightOf(await models.put(counted, new Map(), { checkpoint: 'p2', passed: 3 })());
      expect(rightOf(await models.query(ports, { where: { ships: { from: 1 } }, limit: 9 })())).toEqual([
        { port: 'Kiel', ships: 2 },
      ]);
      expect(rightOf(await models.state(counted)())).toMatchObject({ rows: 5, checkpoint: 'p2', passed: 10 });
      rightOf(await models.open({ ...counted, version: 2 })());
      expect(rightOf(await models.count(ports)())).toBe(0);
    });
    it('keeps rows that are built anew apart until they are adopted, all at once', async () => {
      rightOf(await models.put(ships, new Map(), { checkpoint: 'p1', passed: 1 })());
      const beside = rightOf(await models.beside(ships)());
      rightOf(
        await beside.models.put(ships, new Map([['k9', ship('Nora', 'Ulm', 1)]]), { checkpoint: 'p5', passed: 5 })(),
      );
      rightOf(await beside.prepare()());
      expect(rightOf(await models.count(ships)())).toBe(5);
      expect(rightOf(await beside.models.get(ships, ['k9', 'k1'])()).size).toBe(1);
      rightOf(await beside.adopt()());
      await beside.abandon();
      expect(await names({ orderBy: 'size' })).toEqual(['Nora']);
      expect(rightOf(await models.state(ships)())).toMatchObject({ rows: 1, checkpoint: 'p5', passed: 5 });
      models = await opened.reopen();
      expect(rightOf(await models.open(ships)())).toBe('p5');
      expect(await names({})).toEqual(['Nora']);
    });
    it('leaves everything as it is where a rebuild is abandoned, and begins the next one empty', async () => {
      const first = rightOf(await models.beside(ships)());
      rightOf(await first.models.put(ships, new Map([['k9', ship('Nora', 'Ulm', 1)]]), { checkpoint: 'p5' })());
      await first.abandon();
      expect(rightOf(await models.count(ships)())).toBe(5);
      const second = rightOf(await models.beside(ships)());
      expect(rightOf(await second.models.get(ships, ['k9'])()).size).toBe(0);
      await second.abandon();
    });
    it('keeps the checkpoint that was put with the rows', async () => {
      rightOf(await models.put(ships, new Map([['k1', undefined]]), { checkpoint: 'p1' })());
      rightOf(await models.put(ships, new Map([['k2', undefined]]))());
      expect(rightOf(await models.open(ships)())).toBe('p1');
      rightOf(await models.put(ships, new Map(), { checkpoint: 'p2' })());
      expect(rightOf(await models.open(ships)())).toBe('p2');
      expect(rightOf(await models.count(ships)())).toBe(3);
    });
    it('has rows and checkpoint again when it is opened again', async () => {
      rightOf(await models.put(ships, new Map(), { checkpoint: 'p1' })());
      models = await opened.reopen();
      expect(rightOf(await models.open(ships)())).toBe('p1');
      expect(await names({ orderBy: 'size', limit: 1 })).toEqual(['Berta']);
    });
    it.each<[string, Projection<Ship>]>([
      ['version', { ...ships, version: 2 }],
      ['set of indexes', { ...ships, indexes: { port: ships.indexes.port ?? (() => null) } }],
    ])('starts anew with another %s', async (_, other) => {
      rightOf(await models.put(ships, new Map(), { checkpoint: 'p1' })());
      models = await opened.reopen();
      expect(rightOf(await models.open(other)())).toBeUndefined();
      expect(rightOf(await models.count(other)())).toBe(0);
      rightOf(await models.put(other, new Map(fleet), { checkpoint: 'p2' })());
      expect(rightOf(await models.count(other, { port: 'Kiel' })())).toBe(2);
    });
    it('starts anew where that is asked for', async () => {
      rightOf(await models.put(ships, new Map(), { checkpoint: 'p1' })());
      expect(rightOf(await models.open(ships, { anew: true })())).toBeUndefined();
      expect(rightOf(await models.count(ships)())).toBe(0);
      models = await opened.reopen();
      expect(rightOf(await models.open(ships)())).toBeUndefined();
    });
    it('keeps read models apart', async () => {
      const boats: Projection<Ship> = { ...ships, name: 'boats' };
      rightOf(await models.put(ships, new Map(), { checkpoint: 'p1' })());
      expect(rightOf(await models.open(boats)())).toBeUndefined();
      rightOf(await models.put(boats, new Map([['k1', ship('Nora', 'Ulm', 1)]]), { checkpoint: 'p2' })());
      expect(rightOf(await models.count(boats)())).toBe(1);
      expect(rightOf(await models.get(ships, ['k1'])()).get('k1')?.name).toBe('Anna');
      expect(rightOf(await models.open(ships)())).toBe('p1');
    });
    it('fails with unavailable once closed', async () => {
      await models.close();
      for (const each of [models.count(ships), models.open(ships), models.put(ships, new Map())])
        expect(await each()).toMatchObject({ _tag: 'Left', left: { code: 'unavailable', lasting: 'temporary' } });
    });
  });
};
