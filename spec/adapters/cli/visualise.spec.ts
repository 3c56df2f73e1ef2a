import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runCli } from '../../../adapters/cli/index.ts';
import { fakeControl, transferRow } from '../../support/fake-control.ts';
import { fakeProgram } from '../../support/fake-program.ts';
import { fakeTerminal } from '../../support/fake-terminal.ts';
import { walk } from '../../support/walks.ts';

const events = walk('partnerSends', ['forwarded', 'confirmed', 'held'], 'a\u202eb.xml');
const { control } = fakeControl([transferRow('0a')], events);
const run = async (line: string) => {
  const { terminal, out, errors } = fakeTerminal();
  const program = fakeProgram({ controlClient: () => control });
  const code = await runCli(line.split(' '), program, terminal);
  return { code, out: out.join('\n'), errors: errors.join('\n') };
};

const directory = mkdtempSync(join(tmpdir(), 'visualise-'));
afterAll(() => rmSync(directory, { recursive: true }));

describe('visualise', () => {
  it('draws a scenario without a server', async () => {
    const { code, out } = await run('visualise cronGet');
    expect(code).toBe(0);
    expect(out).toMatch(/^<svg [\s\S]*A file is fetched from a partner[\s\S]*<\/svg>$/);
    expect(JSON.parse((await run('visualise cronGet --format json')).out)).toMatchObject({ scenario: 'cronGet' });
  });

  it('draws a transfer of a running server', async () => {
    const { code, out } = await run('visualise 0a --data d --format json');
    expect(code).toBe(0);
    const { transfer } = JSON.parse(out) as { transfer: unknown };
    expect(transfer).toMatchObject({ state: 'held', heldFrom: 'forwarded', reason: 'no profile' });
  });

  it('writes to a file', async () => {
    const file = join(directory, 'picture.mmd');
    expect(await run(`visualise provide --format mermaid --output ${file}`)).toEqual({ code: 0, out: '', errors: '' });
    expect(readFileSync(file, 'utf8')).toContain('stateDiagram-v2');
  });

  it.each([
    ['visualise nothing', 2, /"nothing" is no scenario \(there are partnerSends, .*\); for a transfer name its server/],
    ['visualise constructor', 2, /is no scenario/],
    ['visualise provide --format png', 2, /svg, mermaid, json/],
    ['visualise zz --data d', 1, /there is no transfer zz/],
    [`visualise provide --output ${directory}/no/x.svg`, 1, /cannot be written: there is no such directory/],
    [`visualise provide --output ${directory}`, 1, /cannot be written: it is a directory/],
  ])('refuses "%s"', async (line, code, errors) => {
    expect(await run(line)).toMatchObject({ code, out: '', errors: expect.stringMatching(errors) as string });
  });
});

describe('replay', () => {
  it('shows the state after each event in the lane of its owner, and the facts', async () => {
    const { code, out } = await run('replay 0a --data d');
    expect(code).toBe(0);
    const [head = '', ...lines] = out.split('\n');
    expect(head).toMatch(/^REV +TIME +BY +EVENT +DMZ +INNER +DETAIL$/);
    const inner = head.indexOf('INNER');
    expect(
      lines.slice(0, 4).map((line) => [line.slice(0, 1), line.slice(inner, head.indexOf('DETAIL')).trim()]),
    ).toEqual([
      ['0', 'received'],
      ['1', 'forwarded'],
      ['2', 'forwarded'],
      ['3', 'held (from forwarded)'],
    ]);
    expect(lines[4]).toBe('');
    expect(out).toContain('\nname        a\\u202eb.xml\n');
    expect(out).not.toContain('\u202e');
  });

  it('goes up to the event that is asked for', async () => {
    const { out } = await run('replay 0a --data d --to 1 --json');
    const lines = JSON.parse(out) as { state: string; lane: string; by: string; ended: boolean }[];
    expect(lines.map(({ state, lane, by, ended }) => [state, lane, by, ended])).toEqual([
      ['received', 'inner', 'dmz', false],
      ['forwarded', 'inner', 'inner', false],
    ]);
  });

  it.each([
    ['replay 0a', 2, /--data DIR or --config FILE/],
    ['replay zz --data d', 1, /there is no transfer zz/],
    ['replay 0a --data d --to 4', 1, /has no event 4 on this server; its last is 3/],
    ['replay 0a --data d --to -1', 2, /whole number/],
  ])('refuses "%s"', async (line, code, errors) => {
    expect(await run(line)).toMatchObject({ code, out: '', errors: expect.stringMatching(errors) as string });
  });

  it('says of events that begin in the middle that they open nothing', async () => {
    const half = fakeControl([transferRow('0a')], events.slice(1)).control;
    for (const command of ['replay', 'visualise']) {
      const { terminal, errors } = fakeTerminal();
      expect(await runCli([command, '0a', '--data', 'd'], fakeProgram({ controlClient: () => half }), terminal)).toBe(
        1,
      );
      expect(errors.join()).toMatch(/begin with none that opens a transfer/);
    }
  });
});
