import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { embeddedEventLog } from '../../../adapters/eventlog/embedded.ts';
import { event, rightOf } from '../../support/event-log-under-test.ts';

const compiled = fileURLToPath(new URL('../../../dist/adapters/eventlog/embedded.js', import.meta.url));
/** Thirty writers with a stream each; every acknowledged append is one line `writer revision`. */
const program = `
  import { writeSync } from 'node:fs';
  import { randomUUID } from 'node:crypto';
  const { embeddedEventLog } = await import(process.argv[1]);
  const log = await embeddedEventLog({ directory: process.argv[2], onFatal: (error) => { throw error; } });
  const writer = async (name) => {
    for (let n = 0; ; n += 1) {
      const event = { id: randomUUID(), type: 'counted', data: { n }, metadata: {} };
      const done = await log.append('w-' + name, [event], { expected: BigInt(n - 1) })();
      if (done._tag === 'Left') throw new Error(done.left.text);
      writeSync(1, name + ' ' + done.right.revision + '\\n');
    }
  };
  await Promise.all(Array.from({ length: 30 }, (_, i) => writer(i)));
`;

/** Lets a process append, kills it once so many appends were acknowledged, and answers the last revision of each writer. */
const killedWhileAppending = async (directory: string, enough: number): Promise<ReadonlyMap<string, bigint>> => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, compiled, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const acknowledged = new Map<string, bigint>();
  let count = 0;
  for await (const line of createInterface(child.stdout)) {
    const [writer = '', revision = ''] = line.split(' ');
    if (!/^\d+$/.test(revision)) continue;
    acknowledged.set(writer, BigInt(revision));
    count += 1;
    if (count === enough) child.kill('SIGKILL');
  }
  const [, signal] = (await exited) as [number | null, string | null];
  expect(signal).toBe('SIGKILL');
  return acknowledged;
};

describe('an embedded event log whose process is killed while it appends', () => {
  it.each([500, 2_000, 7_000])('has every acknowledged event, in gapless streams, after %d appends', async (enough) => {
    const directory = await mkdtemp(join(tmpdir(), 'log-'));
    const acknowledged = await killedWhileAppending(directory, enough);
    expect(acknowledged.size).toBe(30);
    const log = await embeddedEventLog({
      directory,
      onFatal: (error) => {
        throw error;
      },
    });
    for (const [writer, revision] of acknowledged) {
      const events = rightOf(await log.readStream(`w-${writer}`)());
      expect(BigInt(events.length)).toBeGreaterThan(revision);
      expect(events.map(({ data }) => data.n)).toEqual(events.map((_, n) => n));
    }
    expect(rightOf(await log.append('w-0', [event(0)], { expected: 'streamExists' })()).revision).toBeGreaterThan(0n);
    await log.close();
    await rm(directory, { recursive: true });
  });
});
