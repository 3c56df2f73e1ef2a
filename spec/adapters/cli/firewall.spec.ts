import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import { runCli } from '../../../adapters/cli/index.ts';
import { decodeFile } from '../../../adapters/config/load.ts';
import { protocols } from '../../../adapters/protocols.ts';
import { fakeProgram } from '../../support/fake-program.ts';
import { fakeTerminal } from '../../support/fake-terminal.ts';
import { run } from '../../support/run.ts';
import { scratch } from '../../support/scratch.ts';

const tls = { ca: 'ca.crt', certificate: 'c.crt', key: 'c.key' };
const fingerprint = `sha256:${'0'.repeat(64)}`;

type Given = {
  readonly mode?: 'pushback' | 'direct';
  readonly inner?: object;
  readonly dmz?: object;
  readonly port?: number;
};

/** Both configs; nothing that they name is there. */
const configs = async ({ mode = 'pushback', inner = {}, dmz = {}, port = 8020 }: Given = {}) => {
  const directory = await scratch();
  const direct = mode === 'direct' ? { host: '10.0.0.2' } : {};
  const link = { node: 'dmz-1', fingerprint, host: '127.0.0.1', port };
  const channels = [
    { name: 'acme', partner: { protocol: 'sftp', hosts: ['sftp.acme.example', '192.0.2.7:2222'], login: 'me' } },
    { name: 'initech', partner: { protocol: 'ftps', hosts: ['[2001:db8::7]'], login: 'me', mode: 'implicit' } },
  ];
  const servers = {
    inner: {
      ...{ role: 'inner', node: 'inner-1', data: 'inner', messageService: { mode, ...tls, peers: [link] } },
      ...{ channels, outboxes: [{ directory: 'drop', channel: 'acme', viaDmz: false }], ...inner },
    },
    dmz: {
      ...{ role: 'dmz', node: 'dmz-1', data: 'dmz' },
      messageService: { mode, port, ...tls, peers: [{ node: 'inner-1', fingerprint, ...direct }] },
      listeners: [
        { protocol: 'sftp' },
        { protocol: 'ftps', host: '203.0.113.5', passive: { ports: [30_000, 30_099] } },
      ],
      ...dmz,
    },
  };
  const files = { inner: join(directory, 'inner.yaml'), dmz: join(directory, 'dmz.yaml') };
  for (const role of ['inner', 'dmz'] as const) await writeFile(files[role], stringify(servers[role]));
  return files;
};

const firewall = async (given: Given = {}, ...options: readonly string[]) => {
  const { inner, dmz } = await configs(given);
  const { terminal, out, errors } = fakeTerminal();
  const args = ['firewall', '--inner', inner, '--dmz', dmz, ...options];
  const code = await runCli(args, fakeProgram({ protocols, decode: decodeFile }), terminal);
  return { code, out: out.join('\n'), errors: errors.join('\n') };
};

/** The rules as `from > to port`. */
const rules = async (given: Given = {}): Promise<readonly string[]> => {
  const { out } = await firewall(given, '--json');
  const all = JSON.parse(out) as readonly { from: End; to: End; ports: readonly [number, number]; needed: boolean }[];
  return all
    .filter(({ needed }) => needed)
    .map(({ from, to, ports: [first, last] }) => `${from.zone} > ${to.address ?? to.zone} ${first}-${last}`);
};
type End = { readonly zone: string; readonly address: string | null };

describe('firewall', () => {
  it('names what is needed in pushback mode: nothing from dmz inwards', async () => {
    expect(await rules()).toEqual([
      'inner > 127.0.0.1 8020-8020',
      'inner > 127.0.0.1 22-22',
      'internet > dmz 22-22',
      'internet > 203.0.113.5 21-21',
      'internet > 203.0.113.5 30000-30099',
      'inner > sftp.acme.example 22-22',
      'inner > 192.0.2.7 2222-2222',
      'dmz > sftp.acme.example 22-22',
      'dmz > 192.0.2.7 2222-2222',
      'dmz > 2001:db8::7 990-990',
      'dmz > 2001:db8::7 1024-65535',
    ]);
  });

  it('names the way back in direct mode, and only then', async () => {
    expect(await rules({ mode: 'direct' })).toContain('dmz > 10.0.0.2 8020-8020');
  });

  it('knows how payloads are fetched: over FTP with its data ports, or over the message service', async () => {
    const overFtp = await rules({ inner: { fetchVia: 'ftp' }, dmz: { fetch: { ftp: { host: '10.0.0.5' } } } });
    expect(overFtp).toContain('inner > 127.0.0.1 21-21');
    expect(overFtp).toContain('inner > 127.0.0.1 31000-31031');
    expect(await rules({ inner: { fetchVia: 'messageService' } })).not.toContain('inner > 127.0.0.1 22-22');
  });

  it('prints a table with the reason of each', async () => {
    const { code, out } = await firewall();
    expect(code).toBe(0);
    expect(out).toMatch(/^FIREWALL +DIRECTION +FROM +TO +PORT +PROTOCOL +WHY$/m);
    expect(out).toMatch(
      /^inner +outwards +inner: inner-1 +dmz: dmz-1 127\.0\.0\.1 +8020 +message service \(tcp\) +every/m,
    );
    expect(out).toMatch(/^inner +outwards +inner: administrators +dmz: dmz-1 +22 .*monitoring from inside \(recomm/m);
  });

  it.each([
    [{}],
    [{ mode: 'direct' }],
    [{ inner: { fetchVia: 'ftp' }, dmz: { fetch: { ftp: { host: '::1' } } } }],
  ] as const)('prints a ruleset that nft takes: %j', async (given) => {
    const { out } = await firewall(given, '--format', 'nftables');
    expect(out).toMatch(/tcp dport 30000-30099 accept/);
    expect(out).toMatch(/elements = \{ 2001:db8::7 \}/);
    const file = join(await scratch(), 'rules.nft');
    await writeFile(file, `${out}\n`);
    expect(await run('nft', ['-c', '-f', file])).toEqual({ code: 0, out: '', err: '' });
  });

  it('says what is open now, as seen from here', async () => {
    const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { readonly port: number };
    const channels = [{ name: 'acme', partner: { protocol: 'sftp', hosts: ['127.0.0.1:1'], login: 'me' } }];
    const { out } = await firewall({ port, inner: { channels, outboxes: [] } }, '--probe');
    expect(out).toMatch(new RegExp(`127\\.0\\.0\\.1 +${port} .* open +every`));
    expect(out).toMatch(/127\.0\.0\.1 +1 .* closed \(nobody listens\) +channel acme/);
    expect(out).toMatch(/30000-30099 .* not looked at +partners/);
    expect(out).toMatch(/dmz: dmz-1 +22 .* address unknown +partners/);
  });

  it('refuses configs that are wrong, in each other’s place, or of two modes', async () => {
    const { inner, dmz } = await configs();
    const other = await configs({ mode: 'direct' });
    const asked = async (...args: readonly string[]) => {
      const { terminal, errors } = fakeTerminal();
      const program = fakeProgram({ protocols, decode: decodeFile });
      return { code: await runCli(['firewall', ...args], program, terminal), errors: errors.join('\n') };
    };
    expect(await asked('--inner', dmz, '--dmz', inner)).toMatchObject({
      ...{ code: 2, errors: expect.stringContaining('role: is dmz; give it as --dmz') as string },
    });
    expect(await asked('--inner', inner, '--dmz', other.dmz)).toMatchObject({
      ...{ code: 2, errors: expect.stringContaining('must be the same on both') as string },
    });
    expect(await asked('--inner', `${inner}x`, '--dmz', dmz)).toMatchObject({ code: 2 });
    expect(await asked('--inner', inner)).toMatchObject({ code: 2 });
  });
});
