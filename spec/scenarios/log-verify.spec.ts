import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Verified } from '../../adapters/shared/audit-tools.ts';
import { openDatabase } from '../../adapters/shared/sqlite.ts';
import { curlPut } from '../support/clients.ts';
import { run } from '../support/run.ts';
import { entry, linked, type Pair, preparePair, type Server } from '../support/servers.ts';
import { idle } from '../support/stories.ts';
import { until } from '../support/until.ts';

const cli = (...args: readonly string[]) => run(process.execPath, [entry, ...args]);
const minutes = 60_000;

/** An event as it stands on the disk. */
type Row = { ordinal: number; stream: string; revision: number; id: string; data: string };

/** Both servers deliver files in two lives, so that each log has more than one segment; then they rest. Rows are changed on their disks. */
describe('the logs of both servers', { timeout: 2 * minutes }, () => {
  let pair: Pair;
  const copies = { dmz: '', inner: '' };
  beforeAll(async () => {
    pair = await preparePair({ eventLog: 'embedded' });
    for (const round of [1, 2]) {
      await Promise.all([pair.inner.start(), pair.dmz.start()]);
      await linked(pair);
      if (round === 2) await until('inner keeps what dmz sealed', () => keptOfDmz().then((lines) => lines.length > 0));
      for (const name of ['a', 'b']) {
        await writeFile(join(pair.directory, name), `${name} ${round}`);
        expect(await curlPut(pair, join(pair.directory, name), `/${name}${round}.txt`)).toMatchObject({ code: 0 });
      }
      await idle(pair);
      if (round === 1) for (const server of [pair.dmz, pair.inner]) expect(await server.stop()).toBe(0);
    }
    expect(await verify('dmz')).toMatchObject({ verdict: { problem: null } });
    for (const server of [pair.dmz, pair.inner]) await keepReceipts(server);
    for (const server of [pair.dmz, pair.inner]) expect(await server.stop()).toBe(0);
    // dmz sealed its end while it stopped: it tells that when it is back.
    await Promise.all([pair.inner.start(), pair.dmz.start()]);
    await until('inner keeps it', () => keptOfDmz().then((lines) => lines.length > 1));
    for (const server of [pair.dmz, pair.inner]) expect(await server.stop()).toBe(0);
    copies.dmz = await exported('dmz-of-inner', (await keptOfDmz()).join('\n'));
    copies.inner = await exported('inner', (await cli('log', 'segments', '--config', pair.inner.config)).out);
  }, 3 * minutes);
  afterAll(() => pair.end());

  /** Of the oldest transfer, which is sealed, in both forms. */
  const keepReceipts = async ({ data }: Server): Promise<void> => {
    const rows = JSON.parse((await cli('transfers', 'list', '--data', data, '--json')).out) as { id: string }[];
    for (const format of ['json', 'text']) {
      const made = await cli('audit', 'receipt', rows.at(-1)?.id ?? '', '--data', data, '--format', format);
      expect(made).toMatchObject({ code: 0, err: '' });
      await writeFile(join(data, `receipt.${format}`), made.out);
    }
  };
  const keptOfDmz = async (): Promise<readonly string[]> => {
    const { out } = await cli('log', 'segments', '--config', pair.inner.config, '--node', 'dmz-1');
    return out.split('\n').filter((line) => line !== '');
  };
  const exported = async (name: string, text: string): Promise<string> => {
    const file = join(pair.directory, `${name}.jsonl`);
    await writeFile(file, text);
    return file;
  };
  const verify = async (role: 'dmz' | 'inner', ...more: readonly string[]): Promise<Verified> => {
    const { code, out, err } = await cli('log', 'verify', '--config', pair[role].config, '--json', ...more);
    expect(err).toBe('');
    const found = JSON.parse(out) as Verified;
    expect(code).toBe(found.verdict.problem === null ? 0 : 1);
    return found;
  };

  /** Does something to the rows of a server's log, looks what is said of it, and puts them back. */
  const tampered = async (
    role: 'dmz' | 'inner',
    change: (rows: readonly Row[], sql: (text: string, ...values: (string | number)[]) => void) => Row | undefined,
    ...more: readonly string[]
  ) => {
    const kept = join(pair.directory, `kept-${role}`);
    await cp(pair[role].data, kept, { recursive: true });
    try {
      const db = openDatabase(pair[role].data, 'events.db', 'FULL');
      const rows = db
        .prepare(
          'SELECT e.ordinal, s.name AS stream, e.revision, e.id, e.data FROM events e JOIN streams s ON s.id = e.stream ORDER BY e.ordinal',
        )
        .all() as Row[];
      const row = change(rows, (text, ...values) => db.prepare(text).run(...values));
      db.close();
      return { row, ...(await verify(role, ...more)).verdict };
    } finally {
      await rm(pair[role].data, { recursive: true });
      await cp(kept, pair[role].data, { recursive: true });
      await rm(kept, { recursive: true });
    }
  };
  const transferRows = (rows: readonly Row[]): readonly Row[] =>
    rows.filter(({ stream }) => stream.startsWith('transfer-'));
  const named = (row: Row | undefined) => ({ stream: row?.stream, revision: String(row?.revision), id: row?.id });

  describe.each(['dmz', 'inner'] as const)('%s', (role) => {
    const own = `audit-${role}-1`;

    it('is as it was sealed to its last event, also by the copy of its segments', async () => {
      const { verdict, signers } = await verify(role, '--segments', copies[role]);
      expect(verdict).toMatchObject({ problem: null, unsealed: 0, node: `${role}-1` });
      expect(verdict.good).toBeGreaterThan(8);
      expect(verdict.segments).toBeGreaterThan(1);
      expect(verdict.confirmed).toBeGreaterThan(1);
      expect(signers).toEqual([expect.stringMatching(/^sha256:[0-9a-f]{64}$/)]);
    });

    it('names the event of which one byte was turned', async () => {
      const found = await tampered(role, (rows, sql) => {
        const row = transferRows(rows).find(({ data }) => data.includes('"sha256":"'));
        const bytes = Buffer.from(row?.data ?? '');
        const at = bytes.indexOf('"sha256":"') + 12;
        bytes[at] = (bytes[at] ?? 0) ^ 1;
        sql('UPDATE events SET data = ? WHERE ordinal = ?', bytes.toString(), row?.ordinal ?? 0);
        return row;
      });
      expect(found.problem).toMatchObject({ trouble: 'altered', segment: 1, ...named(found.row) });
    });

    it('names the event whose row was deleted', async () => {
      const found = await tampered(role, (rows, sql) => {
        const row = transferRows(rows)[2];
        sql('DELETE FROM events WHERE ordinal = ?', row?.ordinal ?? 0);
        return row;
      });
      const { stream, revision } = named(found.row);
      expect(found.problem).toMatchObject({
        trouble: 'missing',
        segment: 1,
        stream,
        revision,
        ordinal: found.good + 1,
      });
    });

    it('names the event that changed places with the one after it', async () => {
      const found = await tampered(role, (rows, sql) => {
        const [one, two] = transferRows(rows).slice(1);
        const swap = (from: number, to: number) => sql('UPDATE events SET ordinal = ? WHERE ordinal = ?', to, from);
        swap(one?.ordinal ?? 0, 1_000_000);
        swap(two?.ordinal ?? 0, one?.ordinal ?? 0);
        swap(1_000_000, two?.ordinal ?? 0);
        return one;
      });
      expect(found.problem).toMatchObject({ trouble: 'reordered', segment: 1, ...named(found.row) });
    });

    it('names the segment that was removed; the last one by the copy', async () => {
      const remove = (pick: (own: readonly Row[]) => Row | undefined) =>
        tampered(
          role,
          (rows, sql) => {
            const row = pick(rows.filter(({ stream }) => stream === own));
            sql('DELETE FROM events WHERE ordinal = ?', row?.ordinal ?? 0);
            return row;
          },
          '--segments',
          copies[role],
        );
      expect((await remove((all) => all[0])).problem).toMatchObject({ trouble: 'segment', segment: 1 });
      const confirmed = (await verify(role, '--segments', copies[role])).verdict.confirmed;
      const last = await remove((all) => all[confirmed - 1]);
      expect(last.problem).toMatchObject({ trouble: 'segment', segment: confirmed });
    });

    it('says it to a person, with the key that signed', async () => {
      const { code, out } = await cli('log', 'verify', '--data', pair[role].data);
      expect(code).toBe(0);
      expect(out).toMatch(new RegExp(`${role}-1: all \\d+ sealed events are as they were, in \\d+ segments`));
      expect(out).toContain('0 events are not sealed yet');
      expect(out).toMatch(/signed by sha256:[0-9a-f]{64}; compare it with/);
    });
  });

  it.each([
    ['dmz', 'json'],
    ['dmz', 'text'],
    ['inner', 'json'],
    ['inner', 'text'],
  ] as const)('give receipts that can be checked without a server (%s, %s)', async (role, format) => {
    const file = join(pair[role].data, `receipt.${format}`);
    const good = await cli('audit', 'verify', file, '--config', pair.dmz.config);
    expect(good).toMatchObject({ code: 0, err: '' });
    expect(good.out).toContain(`receipt of ${role} ${role}-1`);
    expect(good.out).toMatch(/signed by sha256:[0-9a-f]{64}$/m);
    const text = await readFile(file, 'utf8');
    expect(text).toMatch(format === 'json' ? /"segment": 1/ : /segment 1, event \d+/);
    const forged = await exported(`forged-${role}-${format}`, text.replace(/(sha256[": ]+)[0-9a-f]{4}/, '$1ffff'));
    expect(await cli('audit', 'verify', forged, '--config', pair.dmz.config)).toMatchObject({ code: 1, out: '' });
    const stranger = await cli('audit', 'verify', file, '--fingerprint', `sha256:${'0'.repeat(64)}`);
    expect(stranger).toMatchObject({ code: 1, out: '' });
  });

  it('are not taken for each other, and not where there is none', async () => {
    const wrong = await cli('log', 'verify', '--data', pair.dmz.data, '--fingerprint', `sha256:${'0'.repeat(64)}`);
    expect(wrong).toMatchObject({ code: 1 });
    expect(wrong.out).toContain('is not as a key of dmz-1 signed it');
    const none = await cli('log', 'verify', '--data', join(pair.directory, 'nothing'), '--node', 'dmz-1');
    expect(none).toMatchObject({ code: 1, err: expect.stringContaining('there is no') as string });
  });
});
