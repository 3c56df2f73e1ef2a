import { expect } from 'vitest';
import { linked, startPair } from '../support/servers.ts';
import { startService } from '../support/services.ts';
import { loadThrough, prepareSlow } from '../support/through-load.ts';
import { until } from '../support/until.ts';

const limit = 8_000;

/** Has inner killed, and stopped in order, while clients ask all the time; no answer may be another's, and none may hang. */
export const restartUnderLoad = async (clients: number, restarts: number): Promise<void> => {
  const service = await startService(['location /slow/ { auth_basic off; limit_rate 4k; }']);
  await prepareSlow(service);
  const url = `http://127.0.0.1:${service.port}`;
  const pair = await startPair({
    mode: 'pushback',
    inner: {
      routes: [{ id: 'site', path: '/site', url, callers: 'everybody', timeout: limit, maxConcurrent: 500 }],
    },
  });
  try {
    const load = loadThrough(pair.httpPort, clients);
    const answered = (): Promise<boolean> => {
      const before = load.counts.get('200') ?? 0;
      return until('requests are answered', () => (load.counts.get('200') ?? 0) > before + clients);
    };
    await answered();
    for (let i = 0; i < restarts; i += 1) {
      await (i % 2 === 0 ? pair.inner.kill() : pair.inner.stop());
      await until('dmz has seen it', async () => (await pair.dmz.status()).links.every((link) => !link.up));
      await pair.inner.start();
      await linked(pair);
      await answered();
    }
    const { counts, wrong, longest } = await load.end();
    expect(wrong).toEqual([]);
    const others = [...counts.keys()].filter((each) => !['200', '502', '503', '504', 'broken off'].includes(each));
    expect(others).toEqual([]);
    // what a busy machine adds is not ours
    expect(longest).toBeLessThan(limit + 15_000);
    console.log(
      `${clients} clients, ${restarts} restarts: ${[...counts].map(([what, n]) => `${n} ${what}`).join(', ')}; the longest took ${Math.round(longest)} ms`,
    );
  } finally {
    await Promise.all([pair.end(), service.stop()]);
  }
};
