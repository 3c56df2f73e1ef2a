import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCli } from '../../../adapters/cli/index.ts';
import { controlClient } from '../../../adapters/control/client.ts';
import { type ControlServer, serveControl } from '../../../adapters/control/server.ts';
import { createLog } from '../../../adapters/shared/log.ts';
import { fakeControl, transferRow } from '../../support/fake-control.ts';
import { fakeProgram } from '../../support/fake-program.ts';
import { fakeTerminal } from '../../support/fake-terminal.ts';

const id = 's'.repeat(26);
const log = createLog({ level: 'error', format: 'text', write: () => undefined, clock: { now: () => 0 } });

let data = '';
let file = '';
let server: ControlServer | undefined;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'sallyport-send-'));
  file = join(data, 'a b.xml');
  writeFileSync(file, 'hello');
});
afterEach(async () => {
  await server?.close();
  server = undefined;
  rmSync(data, { recursive: true });
});

const send = async (options: readonly string[], fake = fakeControl(), what = file) => {
  server ??= await serveControl({ data, control: fake.control, log });
  const { terminal, out, errors, progress } = fakeTerminal();
  const args = ['send', what, '--data', data, ...options];
  const code = await runCli(args, fakeProgram({ controlClient }), terminal);
  return { code, out, errors: errors.join('\n'), progress, asked: fake.asked };
};

describe('send', () => {
  it('gives the file and where it goes to the server, and prints the id of the transfer', async () => {
    const { code, out, asked } = await send(['--channel', 'acme', '--directory', '/in']);
    expect({ code, out }).toEqual({ code: 0, out: [id] });
    const what = { channel: 'acme', directory: '/in', name: 'a b.xml', viaDmz: true, size: 5, login: 'tester' };
    expect(asked).toEqual([{ ...what, bytes: 'hello' }]);
  });

  it('sends directly, under another name, and answers JSON', async () => {
    const { out, asked } = await send(['--channel', 'acme', '--direct', '--name', 'ä.xml', '--json']);
    expect(out.map((each) => JSON.parse(each) as unknown)).toEqual([{ transfer: id }]);
    expect(asked).toMatchObject([{ viaDmz: false, name: 'ä.xml', directory: '/' }]);
  });

  it('tells how far it is with a large file, and wipes that away', async () => {
    truncateSync(file, 20 * 1024 * 1024);
    const { code, progress } = await send(['--channel', 'acme']);
    expect(code).toBe(0);
    expect(progress).toContain('20.0 MiB of 20.0 MiB (100 %)');
    expect(progress.at(-1)).toBe('');
  });

  it.each([
    ['acknowledged', 0, ''],
    ['sent', 0, ''],
    ['held', 1, `sallyport: ${id} is held: the partner has it already`],
    ['abandoned', 1, `sallyport: ${id} is abandoned: the partner has it already`],
  ])('waits where it is told to: %s', async (state, code, errors) => {
    const row = transferRow(id, { state, ended: state !== 'held', reason: 'the partner has it already' });
    expect(await send(['--channel', 'acme', '--wait'], fakeControl([row]))).toMatchObject({ code, errors, out: [id] });
  });

  it('says what the server has against it, without having sent the bytes', async () => {
    truncateSync(file, 50 * 1024 * 1024);
    const refused = await send(['--channel', 'nobody']);
    expect(refused).toMatchObject({ code: 1, errors: 'sallyport: there is no channel "nobody"', progress: [] });
  });

  it('says that there is no such file, that it is none, that the name is empty, that no server runs', async () => {
    const to = ['--channel', 'acme'];
    expect(await send(to, undefined, `${file}x`)).toMatchObject({
      ...{ code: 1, errors: `sallyport: ${file}x: there is no such file` },
    });
    expect(await send(to, undefined, data)).toMatchObject({
      ...{ code: 1, errors: `sallyport: ${data}: it is not a regular file` },
    });
    expect(await send([...to, '--name', ''])).toMatchObject({
      code: 2,
      errors: expect.stringContaining('the name of the file at the partner is empty') as string,
    });
    await server?.close();
    expect(await send(to)).toMatchObject({ code: 1, errors: `sallyport: no server is running on ${data}` });
  });

  it.each([
    [['--via-dmz', '--direct', '--channel', 'acme'], /cannot be used with/],
    [[], /--channel/],
  ])('refuses %j with exit code 2', async (options, errors) => {
    expect(await send(options)).toMatchObject({ code: 2, errors: expect.stringMatching(errors) as string });
  });
});
