import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { right } from 'fp-ts/lib/Either.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCli } from '../../../adapters/cli/index.ts';
import type { Program } from '../../../adapters/cli/program.ts';
import { controlClient } from '../../../adapters/control/client.ts';
import { type ControlServer, serveControl } from '../../../adapters/control/server.ts';
import { createLog } from '../../../adapters/shared/log.ts';
import type { TransferEvent } from '../../../domain/transfer/vocabulary.ts';
import { fakeControl, transferRow } from '../../support/fake-control.ts';
import { fakeProgram } from '../../support/fake-program.ts';
import { fakeTerminal } from '../../support/fake-terminal.ts';

const run = async (line: string | readonly string[], parts: Partial<Program> = {}) => {
  const { terminal, out, errors } = fakeTerminal();
  const code = await runCli(typeof line === 'string' ? line.split(' ') : line, fakeProgram(parts), terminal);
  return { code, out: out.join('\n'), errors: errors.join('\n') };
};

const commands = [
  ...[
    'serve',
    'check',
    'status',
    'demo',
    'send',
    'firewall',
    'visualise',
    'replay',
    'keys create',
    'keys renew',
    'keys show',
  ],
  ...['channels test', 'channels trust', 'audit', 'partners list', 'partners rates'],
  ...['projections list', 'projections rebuild'],
  ...['list', 'show', 'release', 'retry', 'abandon'].map((each) => `transfers ${each}`),
  ...['list', 'diff', 'reload', 'accept-epoch'].map((each) => `channels ${each}`),
];

describe('the command line', () => {
  it.each(commands)('explains %s with an example that it understands', async (command) => {
    const { code, out } = await run(`${command} --help`);
    expect(code).toBe(0);
    const [, example = ''] = /Example:\n +sallyport (.+)$/m.exec(out) ?? [];
    expect(example).toMatch(new RegExp(`^${command}\\b`));
    const words = [...example.matchAll(/"([^"]*)"|\S+/g)].map((match) => match[1] ?? match[0]);
    expect((await run(words)).errors).not.toMatch(/option|argument|command/);
  });

  it('prints its version', async () => {
    expect(await run('--version')).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+$/) as string });
  });

  it.each([
    ['nonsense', /unknown command/],
    ['serve', /--config/],
    ['serve --config', /argument missing/],
    ['serve --config /inner.yaml --fast', /unknown option/],
    ['demo --port-offset -1', /whole number from 0 to 50000/],
    ['demo --port-offset 1e3', /whole number/],
    ['transfers list', /--data DIR or --config FILE/],
    ['transfers list --data a --config b', /cannot be used with/],
    ['transfers list --data a --limit 0', /whole number/],
    ['transfers show', /missing required argument/],
    ['transfers abandon 01 --data a', /--reason/],
  ])('refuses "%s" with exit code 2', async (line, errors) => {
    expect(await run(line)).toMatchObject({ code: 2, out: '', errors: expect.stringMatching(errors) as string });
  });

  it('hands the demo its options', async () => {
    const asked: unknown[] = [];
    const demo: Program['demo'] = ({ data, portOffset, eventLog }) => {
      asked.push({ data, portOffset, eventLog });
      return Promise.resolve(1);
    };
    expect(await run('demo --data d --port-offset 100 --event-log esdb://a', { demo })).toMatchObject({ code: 1 });
    expect(asked).toEqual([{ data: 'd', portOffset: 100, eventLog: 'esdb://a' }]);
  });

  it('says what is wrong with a config, or that it is in order', async () => {
    expect(await run('check --config /inner.yaml')).toMatchObject({ code: 0, out: '/inner.yaml is in order' });
    expect(await run('check --config x.yaml')).toMatchObject({ code: 2, errors: 'x.yaml:3: role: is wrong' });
    const check: Program['check'] = () => Promise.resolve([{ path: 'data', problem: 'is read-only' }]);
    expect(await run('check --config /inner.yaml', { check })).toMatchObject({
      code: 2,
      errors: '/inner.yaml: data: is read-only',
    });
  });
});

describe('the keys commands', () => {
  const key = {
    file: 'dmz-1.crt',
    node: 'dmz-1',
    role: 'dmz',
    fingerprint: 'sha256:00',
    notAfter: Date.UTC(2028, 1, 3),
    daysLeft: 729,
  } as const;

  it('make keys for the nodes and their hosts, and bundles for the dmz nodes only', async () => {
    const { keys } = fakeProgram();
    const asked: unknown[] = [];
    const create: typeof keys.create = ({ nodes }) => {
      asked.push(...nodes);
      return TE.right([key]);
    };
    const line = 'keys create --directory k --inner in-1 --dmz dmz-1=a.example,10.0.0.1 dmz-2';
    const { code, out } = await run(line, { keys: { ...keys, create } });
    expect(code).toBe(0);
    expect(asked).toEqual([
      { role: 'inner', node: 'in-1', hosts: [] },
      { role: 'dmz', node: 'dmz-1', hosts: ['a.example', '10.0.0.1'] },
      { role: 'dmz', node: 'dmz-2', hosts: [] },
    ]);
    expect(out).toMatch(
      /dmz-1\.crt +dmz-1 +dmz +sha256:00 +2028-02-03 \(729 days\)\nk\/bundle-dmz-1 .*\nk\/bundle-dmz-2 /,
    );
  });

  it('show certificates as JSON, and say why not', async () => {
    const { keys } = fakeProgram();
    const { out } = await run('keys show --directory k --json', { keys: { ...keys, show: () => TE.right([key]) } });
    expect(JSON.parse(out)).toEqual([key]);
    expect(await run('keys create --directory k')).toMatchObject({
      code: 1,
      errors: 'sallyport: /keys/ca.crt exists already.',
    });
    expect(await run('keys renew --directory k --node x')).toMatchObject({
      code: 1,
      errors: 'sallyport: There is no such node.',
    });
  });
});

describe('the commands for a running server', () => {
  const abandoned: TransferEvent = {
    id: '6fa459ea-ee8a-5ca4-894e-db77e160355e',
    type: 'abandoned',
    data: { reason: 'sent twice', by: { login: 'eve' } },
    meta: { origin: 'inner', at: 1000, run: 0, attempt: 0, step: 'order' },
  };
  const rows = [
    transferRow('a'),
    transferRow('b', { state: 'held', ended: false, name: 'b\u001b[2J.txt', reason: 'no profile' }),
  ];
  const fake = fakeControl(rows, [abandoned]);
  let data = '';
  let server: ControlServer | undefined;
  beforeEach(async () => {
    data = mkdtempSync(join(tmpdir(), 'sallyport-cli-'));
    const log = createLog({ level: 'error', format: 'text', write: () => undefined, clock: { now: () => 0 } });
    server = await serveControl({ data, control: fake.control, log });
  });
  afterEach(async () => {
    await server?.close();
    rmSync(data, { recursive: true });
  });

  it('list transfers as a table that is safe to print', async () => {
    const { code, out } = await run(`transfers list --data ${data}`, { controlClient });
    expect(code).toBe(0);
    expect(out.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['ID', 'STATE', 'CHANNEL', 'SIZE', 'UPDATED', 'NAME', 'WHY'],
      ['a'.padEnd(26, '0'), 'acknowledged', 'demo', '12 B', '2026-01-02 03:04:06Z', 'a.txt'],
      ['b'.padEnd(26, '0'), 'held', 'demo', '12 B', '2026-01-02 03:04:06Z', 'b\\u001b[2J.txt', 'no profile'],
    ]);
  });

  it('list what the options ask for, as JSON that can be read back', async () => {
    const { out } = await run(`transfers list --data ${data} --open --state held --channel demo --limit 7 --json`, {
      controlClient,
    });
    expect(JSON.parse(out)).toEqual([rows[1]]);
    expect(fake.asked.pop()).toEqual({ state: 'held', channel: 'demo', open: true, limit: 7 });
  });

  it('show one transfer with its events', async () => {
    const { out } = await run(`transfers show b --data ${data}`, { controlClient });
    expect(out).toMatch(/^state +held$/m);
    expect(out).toMatch(/^1970-01-01 00:00:01Z +inner +abandoned +sent twice by eve$/m);
  });

  it.each(['release', 'retry', 'abandon'])('%s a transfer with who and why', async (what) => {
    const answer = await run(['transfers', what, 'b', '--data', data, '--reason', 'it is mended'], { controlClient });
    expect(answer).toMatchObject({ code: 0, out: `${what} was recorded` });
    expect(fake.asked.pop()).toEqual({ id: 'b', what, reason: 'it is mended', login: 'tester' });
  });

  it('say how the server is, found by its config, too', async () => {
    const byConfig = { controlClient, dataOf: () => Promise.resolve(right(data)) };
    const { out } = await run('status --config /inner.yaml', byConfig);
    expect(out.split('\n')).toEqual([
      'inner inner is serving with 1 channel; 1 transfers are open, 0 held; 50.0 MiB of memory',
      'link to dmz: up',
    ]);
  });

  it('say in one sentence that no server is running, or that there is no such transfer', async () => {
    expect(await run(`status --data ${data}/gone`, { controlClient })).toEqual({
      ...{ code: 1, out: '', errors: `sallyport: no server is running on ${data}/gone` },
    });
    expect(await run(`transfers show zz --data ${data}`, { controlClient })).toMatchObject({
      code: 1,
      errors: 'sallyport: there is no transfer zz',
    });
    expect(await run('status --config x.yaml')).toMatchObject({ code: 2, errors: 'x.yaml: data: is wrong' });
  });
});
