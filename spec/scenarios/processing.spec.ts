import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isRight } from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { curlPut } from '../support/clients.ts';
import { run } from '../support/run.ts';
import { entry, type Pair, type PairOptions, type Server, startPair } from '../support/servers.ts';
import { expectOneStory, idle } from '../support/stories.ts';
import { until } from '../support/until.ts';

const cli = (...args: readonly string[]) => run(process.execPath, [entry, ...args]);

const withPair = async (options: PairOptions, use: (pair: Pair) => Promise<void>): Promise<void> => {
  const pair = await startPair(options);
  try {
    await use(pair);
  } finally {
    await pair.end();
  }
};

const put = async (pair: Pair, name: string, content: string): Promise<void> => {
  await writeFile(join(pair.directory, name), content);
  expect(await curlPut(pair, join(pair.directory, name), `/${name}`)).toMatchObject({ code: 0 });
};

const held = (server: Server) =>
  until('it is held', async () => {
    const rows = await server.control.list({ state: 'held', limit: 10 })();
    return isRight(rows) ? rows.right[0] : undefined;
  });

/** Gives inner's profile these steps. */
const reconfigure = async (pair: Pair, steps: readonly object[], more = ''): Promise<void> => {
  const config = await readFile(pair.inner.config, 'utf8');
  const written = config.replace('steps: []', () => `steps: ${JSON.stringify(steps)}`);
  await writeFile(pair.inner.config, `${written}${more}`);
};

const eventsOf = async (server: Server, id: string): Promise<readonly string[]> => {
  const story = await server.control.show(id)();
  return isRight(story) ? story.right.events.map((event) => event.type) : [];
};

describe('a profile with steps', () => {
  it('runs programs on what arrives, and gives the result its name', async () => {
    const steps = [
      { kind: 'run', command: ['tr', 'a-z', 'A-Z'], result: 'stdout' },
      { kind: 'run', command: ['/bin/sh', '-c', 'wc -c < "$SALLYPORT_PAYLOAD" > "$SALLYPORT_RESULT"'], result: 'file' },
      { kind: 'rename', template: '{stem}.{channel}{ext}' },
    ];
    await withPair({ steps }, async (pair) => {
      await put(pair, 'order.txt', 'hello\n');
      await idle(pair);
      expect(await readdir(pair.out)).toEqual(['order.acme.txt']);
      expect((await readFile(join(pair.out, 'order.acme.txt'), 'utf8')).trim()).toBe('6');
      const rows = await pair.inner.control.list({ limit: 10 })();
      const id = isRight(rows) ? rows.right.find((row) => row.scenario === 'partnerSends')?.id : undefined;
      expect(await eventsOf(pair.inner, id ?? '')).toEqual(
        'received forwarded fetched matched stepDone stepDone stepDone processed acknowledged'.split(' '),
      );
      const shown = await cli('transfers', 'show', id ?? '', '--data', pair.inner.data);
      expect(shown.out).toContain('3: rename order.acme.txt');
      expect(await readdir(join(pair.inner.data, 'run'))).toEqual([]);
      expect(await expectOneStory(pair)).toBe(1);
    });
  });

  it('holds a transfer whose program has failed too often, with an alarm, and goes on when that is mended', async () => {
    const script = 'echo "try $SALLYPORT_RUN.$SALLYPORT_ATTEMPT: no route" >&2; test -e "$0"';
    await withPair({}, async (pair) => {
      const gate = join(pair.directory, 'gate');
      await pair.inner.stop();
      const steps = [{ kind: 'run', command: ['/bin/sh', '-c', script, gate] }];
      await reconfigure(pair, steps, 'retries: { attempts: 2, firstDelay: 10ms }\n');
      await pair.inner.start();
      await put(pair, 'order.txt', 'hello\n');
      const { id, reason } = await held(pair.inner);
      expect(reason).toBe('gave up after 2 tries: /bin/sh failed with exit code 1: try 0.1: no route');
      expect(pair.inner.printed()).toMatch(/alarm a transfer is held.*try 0\.1: no route/);
      expect(await held(pair.dmz)).toMatchObject({ id });

      await writeFile(gate, '');
      expect(await cli('transfers', 'retry', id, '--data', pair.inner.data)).toMatchObject({ code: 0, err: '' });
      await idle(pair);
      expect(await readFile(join(pair.out, 'order.txt'), 'utf8')).toBe('hello\n');
      expect((await eventsOf(pair.inner, id)).filter((type) => type === 'stepFailed')).toHaveLength(2);
      await expectOneStory(pair);
    });
  });

  it('runs a program again after a crash of inner, and not before the old one is ended', async () => {
    await withPair({}, async (pair) => {
      const trace = join(pair.directory, 'trace');
      // The first try hangs; the second looks what has become of it.
      const script = `if [ -e ${trace} ]; then cat /proc/$(cat ${trace})/stat > ${trace}.old 2>&1; exit 0; fi
        echo $$ > ${trace}; sleep 300; :`;
      await pair.inner.stop();
      await reconfigure(pair, [{ kind: 'run', command: ['/bin/sh', '-c', script] }]);
      await pair.inner.start();
      await put(pair, 'order.txt', 'hello\n');
      await until('the program runs', async () => Number(await readFile(trace, 'utf8')) > 0);
      await pair.inner.kill();
      await pair.inner.start();
      await idle(pair);
      // Gone, or dead and not yet fetched by its parent.
      expect(await readFile(`${trace}.old`, 'utf8')).toMatch(/No such file|\) Z /);
      expect(await readFile(join(pair.out, 'order.txt'), 'utf8')).toBe('hello\n');
      await expectOneStory(pair);
    });
  });

  it('does not start a server whose program is not there', async () => {
    await withPair({}, async (pair) => {
      await pair.inner.stop();
      await reconfigure(pair, [{ kind: 'run', command: ['/no/such/program'] }]);
      const checked = await cli('check', '--config', pair.inner.config);
      expect(checked.code).toBe(2);
      expect(checked.err).toContain('profiles[0].steps[0].command');
      expect(checked.err).toContain('/no/such/program is not there, or not executable');
    });
  });
});
