import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { chosenLog, pairStore } from '../support/pair-store.ts';
import { run } from '../support/run.ts';
import { scratch } from '../support/scratch.ts';
import { entry } from '../support/servers.ts';
import { until } from '../support/until.ts';

/** Far from the ports of a demo that somebody runs, and from those that the system hands out. */
const offset = 17_000 + (process.pid % 1000) * 5;
const sftpPort = 2222 + offset;
const ftpsPort = 2990 + offset;
const smtpPort = 2525 + offset;
const httpsPort = 8443 + offset;

type Demo = { readonly child: ChildProcess; readonly printed: () => string; ready(): Promise<void> };

/** Says where its servers have their event logs, if that is not in their data directories. */
const logOptions = async (): Promise<readonly string[]> => {
  if (chosenLog() === 'embedded') return [];
  const store = await pairStore(await scratch(), '127.0.0.1');
  await store.start();
  onTestFinished(() => store.kill());
  return ['--event-log', store.url];
};

const demo = (data: string, more: readonly string[]): Demo => {
  const args = [entry, 'demo', '--data', data, '--port-offset', String(offset), ...more];
  const child = spawn(process.execPath, args);
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
  // Before the directory goes: its servers still write to it.
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  });
  return {
    child,
    printed: () => printed,
    ready: async () => {
      await until('the demo says how to use it', () => /Each event of each transfer follows/.test(printed), 30_000);
    },
  };
};

const put = async (file: string, name: string): Promise<boolean> => {
  const url = `sftp://127.0.0.1:${sftpPort}/${name}`;
  return (await run('curl', ['-sS', '--insecure', '--user', 'demo:demo', '-T', file, url])).code === 0;
};

const pidOf = async (data: string, role: string): Promise<number> =>
  Number(await readFile(join(data, role, 'pid'), 'utf8'));

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('the demo', () => {
  it('runs both servers, delivers a file, revives a dead server, stops on SIGTERM and goes on where it was', async () => {
    const data = await scratch();
    const log = await logOptions();
    const first = demo(data, log);
    await first.ready();
    expect(first.printed()).toContain(String(sftpPort));

    const bytes = randomBytes(10_000);
    await writeFile(join(data, 'hello.bin'), bytes);
    expect(await put(join(data, 'hello.bin'), 'hello.bin')).toBe(true);
    const arrived = await until('it arrives', () => readFile(join(data, 'inner', 'out', 'hello.bin')));
    expect(bytes.equals(arrived)).toBe(true);
    const overTls = ['-sS', '--insecure', '--user', 'demo:demo', '-T', join(data, 'hello.bin')];
    expect(first.printed()).toContain(`ftps://127.0.0.1:${ftpsPort}/`);
    expect((await run('curl', [...overTls, `ftps://127.0.0.1:${ftpsPort}/over-tls.bin`])).code).toBe(0);
    await until('what came over FTPS arrives', () => readFile(join(data, 'inner', 'out', 'over-tls.bin')));
    const overHttps = `https://127.0.0.1:${httpsPort}/c/demo/`;
    expect(first.printed()).toContain(overHttps);
    expect((await run('curl', [...overTls, '--fail', `${overHttps}over-https.bin?wait=30s`])).out).toMatch(
      /"ended":true/,
    );
    await until('what came over HTTPS arrives', () => readFile(join(data, 'inner', 'out', 'over-https.bin')));
    const mail = ['--server', `127.0.0.1:${smtpPort}`, '--to', 'demo@sallyport.example'];
    expect(first.printed()).toContain(`swaks ${mail.join(' ')} --attach @README.md`);
    const id = ['--from', 'me@acme.example', '--h-Message-Id', '<by-mail@acme.example>'];
    expect((await run('swaks', [...mail, ...id, '--attach', `@${join(data, 'hello.bin')}`])).code).toBe(0);
    const mailed = join(data, 'inner', 'out', 'by-mail@acme.example.eml');
    expect(await until('the mail arrives', () => readFile(mailed, 'utf8'))).toMatch(/^Received: [\s\S]*hello\.bin/);
    for (const event of ['received', 'forwarded', 'fetched', 'processed', 'acknowledged'])
      await until(`${event} is printed`, () => new RegExp(`${event}.*hello\\.bin`).test(first.printed()));

    const dead = await pidOf(data, 'dmz');
    process.kill(dead, 'SIGKILL');
    await until('another dmz runs', async () => {
      const pid = await pidOf(data, 'dmz');
      return pid !== dead && alive(pid);
    });
    await until('it takes files', () => put(join(data, 'hello.bin'), 'second.bin'));
    await until('the second arrives', () => readFile(join(data, 'inner', 'out', 'second.bin')));
    expect(first.printed()).toMatch(/dmz .*(died|killed|SIGKILL)/);

    const pids = [await pidOf(data, 'dmz'), await pidOf(data, 'inner')];
    first.child.kill('SIGTERM');
    await once(first.child, 'exit');
    expect(first.child.exitCode).toBe(0);
    expect(pids.map(alive)).toEqual([false, false]);

    const second = demo(data, log);
    await second.ready();
    const listed = await run(process.execPath, [entry, 'transfers', 'list', '--json', '--data', join(data, 'dmz')]);
    expect(listed.out).toContain('second.bin');
    expect(await put(join(data, 'hello.bin'), 'third.bin')).toBe(true);
    await until('the third arrives', () => readFile(join(data, 'inner', 'out', 'third.bin')));
  }, 90_000);

  it('leaves no server behind when it is killed itself', async () => {
    const data = await scratch();
    const running = demo(data, await logOptions());
    await running.ready();
    const pids = [await pidOf(data, 'dmz'), await pidOf(data, 'inner')];
    running.child.kill('SIGKILL');
    await until('both servers end', () => !pids.some(alive));
  }, 60_000);

  it('says which port is taken, and what to do', async () => {
    const data = await scratch();
    const other = createServer().listen(sftpPort, '127.0.0.1');
    await once(other, 'listening');
    const { child, printed } = demo(data, await logOptions());
    await once(child, 'exit');
    other.close();
    expect(child.exitCode).toBe(1);
    expect(printed()).toContain(String(sftpPort));
    expect(printed()).toContain('--port-offset');
  }, 60_000);
});
