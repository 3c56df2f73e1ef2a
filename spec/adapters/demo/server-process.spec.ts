import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { keepRunning, restartDelay, type ServerProcess } from '../../../adapters/demo/server-process.ts';
import type { Clock } from '../../../domain/ports.ts';

/** Stands in for a server: notes what happens to it, ends when its standard input closes or at SIGTERM, and dies at once where its config says so. */
const fakeServer = `
import { appendFileSync, readFileSync } from 'node:fs';
const config = process.argv[4];
const note = (what) => appendFileSync(config + '.notes', what + ' ' + process.pid + '\\n');
note('started');
if (readFileSync(config, 'utf8') === 'die') {
  console.error('this config is wrong');
  process.exit(2);
}
const end = (why) => {
  note(why);
  process.exit(0);
};
process.on('SIGTERM', () => end('terminated'));
process.stdin.on('end', () => end('orphaned')).resume();
`;
const clock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (milliseconds, callback) => {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
};

let directory = '';
let entry = '';
let config = '';
let deaths: string[] = [];
let server: ServerProcess | undefined;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sallyport-demo-'));
  config = join(directory, 'a.yaml');
  entry = join(directory, 'server.mjs');
  writeFileSync(entry, fakeServer);
  deaths = [];
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
  rmSync(directory, { recursive: true });
});

const start = (text: string): void => {
  writeFileSync(config, text);
  server = keepRunning({
    entry,
    config,
    log: join(directory, 'a.log'),
    clock,
    onDeath: (how) => void deaths.push(how),
  });
};
const notes = (): readonly (readonly string[])[] =>
  existsSync(`${config}.notes`)
    ? readFileSync(`${config}.notes`, 'utf8')
        .trim()
        .split('\n')
        .map((line) => line.split(' '))
    : [];
const started = (): readonly number[] => notes().flatMap(([what, pid]) => (what === 'started' ? [Number(pid)] : []));

describe('a supervised server', () => {
  it('is started again within a second after it was killed, and that is told', async () => {
    start('run');
    await vi.waitFor(() => expect(started()).toHaveLength(1), 10_000);
    process.kill(started()[0] ?? 0, 'SIGKILL');
    const killed = performance.now();
    await vi.waitFor(() => expect(deaths).toEqual(['died by SIGKILL; it is started again']), 10_000);
    await vi.waitFor(() => expect(started()).toHaveLength(2), 10_000);
    expect(performance.now() - killed).toBeLessThan(1500);
  });

  it('is told apart by how it died, with the end of its log', async () => {
    start('die');
    await vi.waitFor(() => expect(deaths.length).toBeGreaterThan(1), 10_000);
    expect(deaths[0]).toBe('died with exit code 2 (the end of its log: this config is wrong); it is started again');
  });

  it('ends when it is stopped, and is not started again', async () => {
    start('run');
    await vi.waitFor(() => expect(started()).toHaveLength(1), 10_000);
    await server?.stop();
    expect(notes().map(([what]) => what)).toEqual(['started', 'terminated']);
    expect(deaths).toEqual([]);
  });

  it('ends when the process that keeps it is killed', async () => {
    writeFileSync(config, 'run');
    const keeper = spawn(process.execPath, [
      '--input-type=module',
      '--eval',
      `const { keepRunning } = await import(${JSON.stringify(new URL('../../../dist/adapters/demo/server-process.js', import.meta.url).href)});
       keepRunning({ entry: ${JSON.stringify(entry)}, config: ${JSON.stringify(config)}, log: ${JSON.stringify(join(directory, 'a.log'))},
         clock: { monotonic: () => 0, after: () => () => undefined }, onDeath: () => undefined });
       setInterval(() => undefined, 1000);`,
    ]);
    await vi.waitFor(() => expect(started()).toHaveLength(1), 10_000);
    keeper.kill('SIGKILL');
    await vi.waitFor(() => expect(notes().map(([what]) => what)).toEqual(['started', 'orphaned']), 10_000);
  });
});

describe('the delay before the next start', () => {
  it('is short for four deaths in a minute and grows from the fifth on, up to half a minute', () => {
    const deathsAt = (count: number) => Array.from({ length: count }, (_, i) => i);
    expect([1, 4, 5, 6, 20].map((count) => restartDelay(deathsAt(count), 100))).toEqual([200, 200, 2000, 4000, 30_000]);
  });

  it('is short again once the deaths are a minute old', () => {
    expect(restartDelay([0, 1, 2, 3, 4, 5], 60_005)).toBe(200);
  });
});
