/** dnsmasq, unpacked by `npm run peers`: a DNS of the test's own. What ends in `.example` it knows; all else it refuses. */
import { spawn } from 'node:child_process';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.ts';
import { until } from './until.ts';

const tree = fileURLToPath(new URL('../../var/peers/dns', import.meta.url));

/** What it is to say. */
export type Records = {
  readonly texts?: Readonly<Record<string, string>>;
  /** Names and their addresses, which have the names, too. */
  readonly hosts?: Readonly<Record<string, string>>;
  readonly exchanges?: Readonly<Record<string, readonly string[]>>;
};

/** Where it listens, and how it is ended. */
export type Dnsmasq = { readonly server: string; readonly stop: () => Promise<void> };

/** Starts it. */
export const startDnsmasq = async ({ texts = {}, hosts = {}, exchanges = {} }: Records): Promise<Dnsmasq> => {
  if (!existsSync(tree)) throw new Error(`there is no dnsmasq in ${tree}: npm run peers`);
  const port = await freePort();
  const pieces = (text: string): string => (text.match(/.{1,250}/g) ?? []).join(',');
  const child = spawn(
    join(tree, 'usr/sbin/dnsmasq'),
    [
      ...['--keep-in-foreground', '--conf-file=/dev/null', '--no-resolv', '--no-hosts', '--pid-file=', '--user='],
      ...[`--port=${port}`, '--listen-address=127.0.0.1', '--bind-interfaces', '--local=/example/', '--log-facility=-'],
      '--host-record=ready.example,192.0.2.99',
      ...Object.entries(texts).map(([name, text]) => `--txt-record=${name},${pieces(text)}`),
      ...Object.entries(hosts).map(([name, address]) => `--host-record=${name},${address}`),
      ...Object.entries(exchanges).flatMap(([name, all]) => all.map((host) => `--mx-host=${name},${host},10`)),
    ],
    { env: { LD_LIBRARY_PATH: join(tree, 'usr/lib/x86_64-linux-gnu') }, stdio: 'ignore' },
  );
  const server = `127.0.0.1:${port}`;
  const resolver = new Resolver({ timeout: 500, tries: 1 });
  resolver.setServers([server]);
  await until('dnsmasq answers', async () => (await resolver.resolve4('ready.example')).length > 0);
  return {
    server,
    stop: async () => {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
};
