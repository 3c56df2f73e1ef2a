/** What partners' programs do with TLS: all of them resume sessions, and end their data with close_notify. */
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loggedIn } from './clients.ts';
import { endpoint } from './endpoint.ts';
import { tlsPartners, type Wish } from './programs.ts';

const securities = (['explicit', 'implicit'] as const).flatMap((mode) =>
  (['1.2', '1.3'] as const).map((version) => ({ mode, version })),
);

describe.each(tlsPartners)('$name', ({ run }) => {
  it.each(securities)('resumes where that is demanded: $mode, TLS $version', async (security) => {
    const { memory, place } = await endpoint({ protocol: 'ftps', mode: security.mode, sessionReuse: 'demand' });
    const local = join(place.directory, 'a');
    await writeFile(local, 'content');
    const wishes = ['a', 'b', 'c'].map((remote): Wish => ({ kind: 'put', local, remote, from: 0 }));
    expect(await run(place, wishes, security)).toMatchObject({ ok: true });
    expect(memory.completed.map((each) => each.path)).toEqual(['/a', '/b', '/c']);
  });
});

describe('openssl s_client as a sender', () => {
  it.each(['-tls1_2', '-tls1_3'])(
    'delivers what it ends, and not what is cut when it is killed: %s',
    async (version) => {
      const { memory, place } = await endpoint({ protocol: 'ftps' });
      let writes = 0;
      memory.before = (what) => {
        if (what === 'write') writes += 1;
        return undefined;
      };
      const hand = await loggedIn(place, 'explicit');
      const begin = async (name: string) => {
        const port = /\|\|\|(\d+)\|/.exec(await hand.ask('EPSV'))?.[1] ?? '';
        const args = ['s_client', '-quiet', '-no_ign_eof', '-connect', `${place.host}:${port}`, version];
        const sender = spawn('openssl', args, { stdio: ['pipe', 'ignore', 'ignore'] });
        expect(await hand.ask(`STOR ${name}`)).toMatch(/^150/);
        const before = writes;
        sender.stdin.write('content\n');
        await memory.until(() => writes > before);
        return sender;
      };
      const killed = await begin('killed');
      killed.kill('SIGKILL');
      expect(await hand.reply()).toMatch(/^426/);
      const ended = await begin('ended');
      ended.stdin.end();
      expect(await hand.reply()).toMatch(/^226/);
      expect(memory.completed.map((each) => each.path)).toEqual(['/ended']);
    },
  );
});
