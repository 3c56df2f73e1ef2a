import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hashOf, makeFile } from '../support/big-file.ts';
import { run } from '../support/run.ts';
import { startPair } from '../support/servers.ts';
import { startService } from '../support/services.ts';
import { watchMemory } from '../support/watch-memory.ts';
import { restartUnderLoad } from './pass-through-restart.ts';

describe('1 GB that is passed through', () => {
  it.each(['pushback', 'direct'] as const)(
    'is byte-identical up and down in %s mode, while each server stays within 150 MB of its idle memory',
    async (mode) => {
      const service = await startService();
      const url = `http://127.0.0.1:${service.port}`;
      const pair = await startPair({
        mode,
        inner: { routes: [{ id: 'site', path: '/site', url, callers: 'everybody' }] },
      });
      try {
        const [file, got] = [join(pair.directory, 'huge'), join(pair.directory, 'got')];
        await makeFile(file, 1e9);
        const expected = await hashOf(file);
        const curl = (...args: readonly string[]) =>
          run('curl', ['-q', '-sS', '--fail', ...args, `http://127.0.0.1:${pair.httpPort}/site/base/huge`]);
        expect((await curl('-T', pair.inner.config)).code).toBe(0);
        const more = await watchMemory(pair);
        expect(await curl('-T', file)).toMatchObject({ code: 0 });
        expect(await hashOf(join(service.disk, 'base', 'huge'))).toBe(expected);
        expect(await curl('-o', got)).toMatchObject({ code: 0 });
        expect(await hashOf(got)).toBe(expected);
        // a client that takes it slowly fills nobody's memory
        await run('curl', [
          '-q',
          '-sS',
          '--limit-rate',
          '1M',
          '-m',
          '20',
          '-o',
          got,
          `http://127.0.0.1:${pair.httpPort}/site/base/huge`,
        ]);
        expect((await readFile(got)).length).toBeGreaterThan(1e6);
        const most = more();
        for (const role of ['dmz', 'inner'] as const) {
          console.log(`${mode}, ${role}: at most ${Math.round(most[role] / 1e6)} MB more than idle`);
          expect(most[role]).toBeLessThan(150e6);
        }
      } finally {
        await Promise.all([pair.end(), service.stop()]);
      }
    },
    600_000,
  );
});

describe('while inner is killed and stopped again and again under load', () => {
  it(
    'no request hangs beyond its limit, and no answer reaches the wrong client',
    () => restartUnderLoad(200, 10),
    600_000,
  );
});
