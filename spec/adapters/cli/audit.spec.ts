import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { csvLine } from '../../../adapters/cli/csv.ts';
import { runCli } from '../../../adapters/cli/index.ts';
import { controlClient } from '../../../adapters/control/client.ts';
import { type ControlServer, serveControl } from '../../../adapters/control/server.ts';
import { createLog } from '../../../adapters/shared/log.ts';
import type { AuditEntry, AuditPage } from '../../../domain/audit.ts';
import { fakeControl } from '../../support/fake-control.ts';
import { fakeProgram } from '../../support/fake-program.ts';
import { fakeTerminal } from '../../support/fake-terminal.ts';

const entry = (more: Partial<AuditEntry>): AuditEntry => ({
  ...{ at: Date.UTC(2026, 10, 20, 8), node: 'dmz', stream: 'transfer-a', revision: 0, event: 'received' },
  ...{ transfer: 'a', scenario: 'partnerSends', state: 'held', channel: 'acme', protocol: 'sftp', name: 'a.xml' },
  ...{ login: 'acme', address: '192.0.2.7', fingerprint: 'SHA256:k', cause: 'step receive', detail: '12 B by sftp' },
  ...more,
});
const pages: readonly AuditPage[] = [
  { entries: [entry({})], taken: 1, next: [7, 'a'] },
  { entries: [entry({ name: '=HYPERLINK("x"),\u001b[2J', event: 'held' })], taken: 1, next: null },
];

let data = '';
let server: ControlServer | undefined;
let fake = fakeControl();
beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), 'sallyport-audit-'));
  fake = fakeControl([], [], undefined, pages);
  const log = createLog({ level: 'error', format: 'text', write: () => undefined, clock: { now: () => 0 } });
  server = await serveControl({ data, control: fake.control, log });
});
afterEach(async () => {
  await server?.close();
  rmSync(data, { recursive: true });
});

const run = async (...args: readonly string[]) => {
  const { terminal, out, errors } = fakeTerminal();
  const code = await runCli([...args, '--data', data], fakeProgram({ controlClient }), terminal);
  return { code, out, errors };
};

describe('the audit command', () => {
  it('asks page after page for what the options say, and where the page before ended', async () => {
    const options = [
      '--channel',
      'acme',
      '--day',
      '2026-11-20',
      '--state',
      'held',
      '--name',
      '*.xml',
      '--oldest-first',
    ];
    expect(await run('audit', ...options, '--limit', '7')).toMatchObject({ code: 0, errors: [] });
    const [from, to] = [Date.UTC(2026, 10, 20), Date.UTC(2026, 10, 21) - 1];
    const asked = { channel: 'acme', state: 'held', name: '*.xml', oldestFirst: true, from, to };
    expect(fake.asked).toEqual([
      { ...asked, limit: 7 },
      { ...asked, limit: 6, after: [7, 'a'] },
    ]);
  });

  it('is a table with one head that is safe to print', async () => {
    const { out } = await run('audit');
    expect(out.map((line) => line.split(/ {2,}/))).toEqual([
      ['TIME', 'NODE', 'EVENT', 'CHANNEL', 'NAME', 'WHO', 'CAUSE', 'TRANSFER', 'DETAIL'],
      ...[
        ['received', 'a.xml'],
        ['held', '=HYPERLINK("x"),\\u001b[2J'],
      ].map(([event, name]) => [
        ...['2026-11-20 08:00:00Z', 'dmz', event, 'acme', name],
        ...['acme@192.0.2.7 key SHA256:k', 'step receive', 'a', '12 B by sftp'],
      ]),
    ]);
  });

  it('is JSON, one object a line', async () => {
    const { out } = await run('audit', '--format', 'json');
    expect(out.map((line) => (JSON.parse(line) as { event: string; at: string }).at)).toEqual([
      ...['2026-11-20T08:00:00.000Z', '2026-11-20T08:00:00.000Z'],
    ]);
  });

  it('says that there may be more, where its limit ends it', async () => {
    expect(await run('audit', '--limit', '1')).toMatchObject({ code: 0, errors: [expect.stringContaining('--all')] });
  });

  it.each([
    ['--since', 'yesterday'],
    ['--until', '2026-13-01'],
    ['--day', '2026-11-20T08'],
    ['--format', 'xml'],
    ['--limit', '0'],
  ])('refuses %s %s', async (option, value) => {
    expect((await run('audit', option, value)).code).toBe(2);
  });
});

describe('a line of CSV', () => {
  it.each([
    ['plain', 'plain'],
    ['a,b', '"a,b"'],
    ['say "x"', '"say ""x"""'],
    ['two\r\nlines', '"two\r\nlines"'],
    ['=1+1', `"'=1+1"`],
    ['+1', `"'+1"`],
    ['-1', `"'-1"`],
    ['@SUM(A1)', `"'@SUM(A1)"`],
    [' =1', `"' =1"`],
    ['\t=1', `"'\t=1"`],
  ])('says %j so that it is read as text', (cell, said) => {
    expect(csvLine([cell, 7, null])).toBe(`${said},7,`);
  });
});

describe('the commands about read models', () => {
  it('list them', async () => {
    const { out } = await run('projections', 'list');
    expect(out[1]?.split(/ {2,}/)).toEqual([
      ...['transfers', '7', '3', '4.0 KiB', '21', '0', '0000000000000021', 'partners, rates', '-'],
    ]);
  });

  it('rebuild those that are named, and say what came of it', async () => {
    expect(await run('projections', 'rebuild', 'transfers')).toMatchObject({
      ...{ code: 0, out: ['transfers: 3 rows from 21 events'] },
    });
    expect(fake.asked).toEqual([{ names: ['transfers'], login: 'tester' }]);
    expect(await run('projections', 'rebuild', 'ships')).toMatchObject({
      ...{ code: 1, errors: ['sallyport: there is no read model ships'] },
    });
  });
});

describe('the commands about partners', () => {
  it('say how their transfers stand', async () => {
    const { out } = await run('partners', 'list');
    expect(out[1]?.split(/ {2,}/)).toEqual([
      ...['demo', '3', '1', '1', '2', '2.0 KiB', '2026-01-02 00:00:00Z', '2026-01-03 00:00:00Z', 'no profile takes it'],
    ]);
  });

  it('say how many there were in an hour', async () => {
    const { out } = await run('partners', 'rates', '--channel', 'demo');
    expect(out[1]?.split(/ {2,}/)).toEqual(['2026-01-02 03:00:00Z', 'demo', '3', '2', '1', '2.0 KiB']);
  });
});
