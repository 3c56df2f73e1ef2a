import { isLeft } from 'fp-ts/lib/Either.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditEntry, AuditFilter, AuditPlace } from '../../domain/audit.ts';
import type { ProjectionLine } from '../../domain/control-figures.ts';
import { openLogOf } from '../support/log-of.ts';
import { channelOf, eventsIn, eventsOfFinished, fillLog, spread } from '../support/many-transfers.ts';
import { run } from '../support/run.ts';
import { entry, type Pair, preparePair } from '../support/servers.ts';
import { until } from '../support/until.ts';

const [finished, open] = [10_000, 100];
const day = 86_400_000;
let pair: Pair;
beforeAll(async () => {
  pair = await preparePair();
  await fillLog(await openLogOf(pair.dmz), finished, open);
  await pair.dmz.start({ within: 300_000 });
}, 600_000);
afterAll(() => pair.end());

/** Every page of a query, each checked for its bound. */
const pages = async (filter: Omit<AuditFilter, 'limit'>, limit: number): Promise<readonly AuditEntry[]> => {
  const entries: AuditEntry[] = [];
  let after: AuditPlace | undefined;
  for (;;) {
    const page = await pair.dmz.control.audit({ ...filter, limit, ...(after === undefined ? {} : { after }) })();
    if (isLeft(page)) throw new Error(page.left.text);
    expect(page.right.taken).toBeLessThanOrEqual(limit);
    entries.push(...page.right.entries);
    if (page.right.next === null) return entries;
    after = page.right.next;
  }
};
const streams = (entries: readonly AuditEntry[]): readonly string[] => [...new Set(entries.map((each) => each.stream))];
const cli = (...args: readonly string[]) => run(process.execPath, [entry, ...args, '--data', pair.dmz.data]);

describe('an audit over 10,000 transfers', () => {
  it('has every event once, page after page, the newest transfer first and its events in order', async () => {
    const entries = (await pages({}, 333)).filter((each) => each.transfer !== null);
    expect(entries).toHaveLength(eventsIn(finished, open));
    expect(new Set(entries.map((each) => `${each.stream} ${each.revision}`)).size).toBe(entries.length);
    const begun = entries.filter((each) => each.revision === 0).map((each) => each.at);
    expect(begun).toEqual(begun.toSorted((a, b) => b - a));
    expect(entries.slice(0, 2).map((each) => each.event)).toEqual(['received', 'confirmed']);
  }, 300_000);

  it("finds a partner's transfers of a day, and says who, what, when, on which node, by what cause", async () => {
    const from = spread.first + 3 * day;
    const filter = { channel: 'partner-7', from, to: from + day - 1, oldestFirst: true };
    const entries = await pages(filter, 7);
    const wanted = Array.from({ length: finished + open }, (_, n) => n).filter((n) => {
      const at = spread.first + Math.floor((n / (finished + open)) * spread.days * day);
      return channelOf(n) === 'partner-7' && at >= from && at < from + day;
    });
    expect(streams(entries)).toHaveLength(wanted.length);
    expect(entries[0]).toMatchObject({
      ...{ node: 'dmz-1', event: 'received', channel: 'partner-7', scenario: 'partnerSends', state: 'acknowledged' },
      ...{ protocol: 'sftp', name: `order-${wanted[0]}.xml`, login: 'partner-7', address: '192.0.2.7' },
      ...{ fingerprint: `SHA256:${'k'.repeat(43)}`, cause: 'step receive' },
    });
    expect(entries.slice(0, eventsOfFinished).map((each) => [each.event, each.node])).toEqual([
      ...[
        ['received', 'dmz-1'],
        ['confirmed', 'dmz-1'],
        ['forwarded', 'inner-1'],
        ['fetched', 'inner-1'],
      ],
      ...[
        ['processed', 'inner-1'],
        ['acknowledged', 'dmz-1'],
        ['purged', 'dmz-1'],
      ],
    ]);
  });

  it.each<[string, Omit<AuditFilter, 'limit'>, number]>([
    ['a state', { state: 'received' }, open],
    ['a pattern of names', { name: 'order-77?.xml' }, 10],
    ['another scenario', { scenario: 'provide' }, 0],
    ['another protocol', { protocol: 'ftp' }, 0],
    ['a text in its events', { text: 'ORDER-1234.XML', channel: 'partner-34' }, 1],
    ['a text that stands nowhere', { text: 'nowhere', channel: 'partner-34' }, 0],
  ])('finds by %s', async (_, filter, count) => {
    expect(streams(await pages(filter, 50))).toHaveLength(count);
  });

  it('finds one transfer by the beginning of its id, and what is told of no transfer', async () => {
    const [some] = await pages({ name: 'order-42.xml' }, 50);
    const id = some?.transfer ?? '';
    expect(streams(await pages({ transfer: id.slice(0, 12) }, 1))).toEqual([`transfer-${id}`]);
  });

  it('is said as CSV with a head, each line ended by CR LF', async () => {
    const { out: stdout } = await cli(
      'audit',
      '--channel',
      'partner-7',
      '--day',
      '2026-01-04',
      '--format',
      'csv',
      '--all',
    );
    const lines = stdout.split('\r\n');
    expect(lines[0]).toBe(
      'at,node,event,channel,scenario,state,protocol,name,login,address,fingerprint,cause,detail,transfer,stream,revision',
    );
    expect(lines.length - 2).toBe(
      (await pages({ channel: 'partner-7', from: Date.UTC(2026, 0, 4), to: Date.UTC(2026, 0, 5) - 1 }, 500)).length,
    );
    expect(lines[1]).toMatch(
      /^2026-01-04T23:.*,dmz-1,received,partner-7,partnerSends,acknowledged,sftp,order-\d+\.xml,/,
    );
  });

  it('counts how each partner stands, and each hour', async () => {
    const partners = await pair.dmz.control.partners({ limit: 1_000 })();
    if (isLeft(partners)) throw new Error(partners.left.text);
    expect(partners.right).toHaveLength(spread.partners);
    const sum = (of: 'transfers' | 'open' | 'succeeded' | 'held') =>
      partners.right.reduce((all, each) => all + each[of], 0);
    expect([sum('transfers'), sum('open'), sum('succeeded'), sum('held')]).toEqual([
      finished + open,
      open,
      finished,
      0,
    ]);
    const rates = await pair.dmz.control.rates({ channel: 'partner-7', limit: 10_000 })();
    if (isLeft(rates)) throw new Error(rates.left.text);
    const began = rates.right.reduce((all, each) => all + each.began, 0);
    expect(began).toBe((finished + open) / spread.partners);
  });
});

describe('the read models', () => {
  const lines = async (): Promise<readonly ProjectionLine[]> => {
    const found = await pair.dmz.control.projections()();
    if (isLeft(found)) throw new Error(found.left.text);
    return found.right;
  };

  it('are listed with rows, size, and how far behind they are', async () => {
    const found = await lines();
    expect(found.map(({ name, behind }) => [name, behind])).toEqual([
      ...[
        ['transfers', 0],
        ['audit', 0],
        ['home', 0],
        ['channels', 0],
        ['witness', 0],
      ],
    ]);
    expect(found[0]).toMatchObject({ rows: finished + open, summaries: ['partners', 'rates'], rebuild: null });
    expect(found[0]?.passed).toBeGreaterThanOrEqual(eventsIn(finished, open));
  });

  it('are the same after they were built anew while the server serves', async () => {
    const partners = () => pair.dmz.control.partners({ limit: 1_000 })();
    const some = () => pair.dmz.control.list({ limit: 10_000 })();
    const before = [await partners(), await some()];
    const { out: stdout } = await cli('projections', 'rebuild');
    expect(stdout).toMatch(/^transfers: 10100 rows from \d+ events$/m);
    expect([await partners(), await some()]).toEqual(before);
    await until('no rebuild runs', async () => (await lines()).every((line) => line.rebuild === null));
  }, 300_000);
});
