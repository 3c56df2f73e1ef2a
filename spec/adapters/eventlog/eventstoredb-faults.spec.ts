import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Followed, LoggedEvent } from '../../../domain/ports.ts';
import { writeCertificate } from '../../support/certificate.ts';
import { appendTo, codeOf, event, never, numbers, rightOf } from '../../support/event-log-under-test.ts';
import { startEventStore } from '../../support/eventstore/index.ts';
import { scratch } from '../../support/scratch.ts';
import { silent } from '../../support/silent.ts';
import { until } from '../../support/until.ts';
import { resigned, servedLog, stubborn, wireLog } from '../../support/wire-log.ts';

// Nothing here waits for long, but a machine may have much else to do.
vi.setConfig({ testTimeout: 120_000 });

/** Appends of each of fifty writers: 10,000 in all, fewer in the quick tier. */
const each = process.env.SALLYPORT_FULL === '1' ? 200 : 20;

/** What a follower was given so far; it follows until the test is over. */
const followed = (follow: (signal: AbortSignal) => AsyncIterable<Followed>) => {
  const events: LoggedEvent[] = [];
  const marks: number[] = [];
  const stop = new AbortController();
  const ended = (async () => {
    for await (const each of follow(stop.signal))
      if (each.kind === 'events') events.push(...each.events);
      else marks.push(events.length);
  })();
  onTestFinished(() => {
    stop.abort();
    return ended;
  });
  return { events, marks };
};

describe('the event log in EventStoreDB (wire): a server that', () => {
  it.each([
    ['does not answer, before it has stored', 'beforeStored'],
    ['does not answer, after it has stored', 'afterStored'],
  ] as const)('%s is asked again, and each append stands once', async (_, when) => {
    const { server, log } = await servedLog({ patience: stubborn });
    for (const [stream, expected, next] of [
      ['exact-1', 'noStream', 0n],
      ['any-1', 'any', 'any'],
      ['exists-1', 'any', 'streamExists'],
    ] as const) {
      rightOf(await appendTo(log, stream, [event(0)], expected));
      server.faults.dropNext(2, when);
      const done = rightOf(await appendTo(log, stream, [event(1), event(2)], next));
      const stored = rightOf(await log.readStream(stream)());
      expect(numbers(stored)).toEqual([0, 1, 2]);
      expect(done).toEqual({ revision: 2n, position: stored[2]?.position });
    }
  });
  it('is silent leaves the outcome unknown, and once it answers all is well again', async () => {
    const { server, log } = await servedLog({ patience: { tryFor: 500, goOnFor: 1_000, absentFor: 1_000 } });
    const sent = [event(0)];
    server.faults.silence(true);
    expect(codeOf(await appendTo(log, 'a-1', sent, 'noStream'))).toBe('outcomeUnknown');
    expect(codeOf(await log.readStream('a-1')())).toBe('unavailable');
    server.faults.silence(false);
    await until('it is appended', async () => codeOf(await appendTo(log, 'a-1', sent, 'noStream')) === 'none');
    await until('it is there', async () => numbers(rightOf(await log.readStream('a-1')())).length === 1);
  });
  it('has forgotten what it stored is not given it again, whoever tries again', async () => {
    const directory = await scratch();
    const { server, log } = await servedLog(
      { prefix: 'ours.', patience: { tryFor: 500, goOnFor: 0, absentFor: 0 } },
      { directory },
    );
    rightOf(await appendTo(wireLog(server.url, { prefix: 'ours.' }), 'a-1', [event(0)], 'any'));
    const sent = [event(1)];
    server.faults.dropNext(2, 'afterStored');
    expect(codeOf(await appendTo(log, 'a-1', sent, 'any'))).toBe('outcomeUnknown');
    server.faults.clear();
    await server.restart();
    await until('the log is back', async () => codeOf(await log.readStream('a-1')()) === 'none');
    const again = await until('it is answered', async () => {
      const done = await appendTo(log, 'a-1', sent, 'any');
      return codeOf(done) === 'none' && rightOf(done);
    });
    expect(again.revision).toBe(1n);
    expect(numbers(rightOf(await log.readStream('a-1')()))).toEqual([0, 1]);
  });
  it('is not ready is unavailable: nothing was written', async () => {
    const { server, log } = await servedLog({ patience: resigned });
    server.faults.notReady(true);
    expect(codeOf(await appendTo(log, 'a-1', [event(0)], 'any'))).toBe('unavailable');
    expect(codeOf(await log.readAll()())).toBe('unavailable');
    expect(codeOf(await log.setRetention('a-1', { keepFrom: 1n })())).toBe('unavailable');
    server.faults.notReady(false);
    expect(rightOf(await appendTo(log, 'a-1', [event(0)], 'noStream')).revision).toBe(0n);
  });
  it('is not there is unavailable, and waited for', async () => {
    const { server, log } = await servedLog({ patience: stubborn });
    rightOf(await appendTo(log, 'a-1', [event(0)], 'noStream'));
    await server.restart(async () => {
      const failed = await appendTo(wireLog(server.url, { patience: resigned }), 'a-1', [event(1)], 0n);
      expect(failed).toMatchObject({ left: { code: 'unavailable', lasting: 'temporary' } });
    });
    let waiting: ReturnType<typeof appendTo> | undefined;
    await server.restart(() => {
      waiting = appendTo(log, 'a-1', [event(1)], 0n);
      return Promise.resolve();
    });
    expect(rightOf(await (waiting ?? Promise.reject(new Error()))).revision).toBe(1n);
  });
  it('is not there is said so sooner than its silence, but not where it may have written', async () => {
    const patience = { tryFor: 1_000, goOnFor: 600_000, absentFor: 100 };
    const { server, log } = await servedLog({ patience });
    rightOf(await appendTo(log, 'a-1', [event(0)], 'noStream'));
    const sent = [event(1)];
    server.faults.dropNext(1, 'afterStored');
    const doubtful = appendTo(log, 'a-1', sent, 0n);
    await until('it is stored', async () => rightOf(await log.readStream('a-1')()).length === 2);
    await server.restart(async () => {
      const other = wireLog(server.url, { patience });
      expect(codeOf(await appendTo(other, 'b-1', [event(2)], 'noStream'))).toBe('unavailable');
      expect(codeOf(await other.readStream('a-1')())).toBe('unavailable');
    });
    expect(rightOf(await doubtful).revision).toBe(1n);
    expect(numbers(rightOf(await log.readStream('a-1')()))).toEqual([0, 1]);
  });
  it('is not the leader sends us to the one that is', async () => {
    const { server, log } = await servedLog({ prefix: 'ours.' });
    const leader = await startEventStore();
    onTestFinished(() => leader.close());
    server.faults.notLeader({ host: '127.0.0.1', port: leader.port });
    rightOf(await appendTo(log, 'a-1', [event(0)], 'noStream'));
    expect(numbers(rightOf(await log.readStream('a-1')()))).toEqual([0]);
    expect(rightOf(await wireLog(leader.url, { prefix: 'ours.' }).readStream('a-1')())).toHaveLength(1);
    server.faults.clear();
    expect(rightOf(await wireLog(server.url, { prefix: 'ours.' }).readStream('a-1')())).toEqual([]);
  });
  it('knows no leader is unavailable until it does', async () => {
    const { server, log } = await servedLog({ patience: resigned });
    server.faults.notLeader('unknown');
    expect(codeOf(await appendTo(log, 'a-1', [event(0)], 'noStream'))).toBe('unavailable');
    server.faults.notLeader('none');
    rightOf(await appendTo(log, 'a-1', [event(0)], 'noStream'));
  });
  it.each(['refuse', 'deny'] as const)('%ss is said so at once', async (how) => {
    const { server, log } = await servedLog();
    server.faults[how](true);
    expect(codeOf(await appendTo(log, 'a-1', [event(0)], 'any'))).toBe('unauthorized');
    expect(codeOf(await log.readStream('a-1')())).toBe('unauthorized');
    expect(codeOf(await log.readAll()())).toBe('unauthorized');
  });
  it.each(['failing', 'silent'] as const)('is %s when asked for its features is not asked', async (how) => {
    const { server, log } = await servedLog();
    server.faults.features(how);
    rightOf(await appendTo(log, 'a-1', [event(0)], 'noStream'));
  });
  it('does not read batches is not sent any', async () => {
    const { server, log } = await servedLog();
    server.faults.stopReading(true);
    rightOf(await appendTo(log, 'a-1', [event(0)], 'noStream'));
  });
  it('loses appends and connections at random has none lost and none doubled', async () => {
    const { server, log } = await servedLog({ patience: stubborn });
    const { events, marks } = followed((signal) => log.follow(undefined, signal));
    server.faults.randomly(7, process.env.SALLYPORT_FULL === '1' ? 2 : 4);
    const write = async (name: string): Promise<void> => {
      for (let n = 0; n < each; n += 1) {
        const expected = name.endsWith('0') ? 'any' : BigInt(n - 1);
        expect(rightOf(await appendTo(log, name, [event(n)], expected)).revision).toBe(BigInt(n));
      }
    };
    await Promise.all(Array.from({ length: 50 }, (_, i) => write(`w-${i}`)));
    expect([...server.faults.met.keys()].sort()).toEqual(
      ['busy', 'lost', 'lostAndCut', 'normal', 'unanswered', 'unansweredAndCut'].sort(),
    );
    server.faults.clear();
    const all = rightOf(await log.readAll({ limit: 20_000 })());
    expect(all).toHaveLength(50 * each);
    for (let i = 0; i < 50; i += 1)
      expect(numbers(all.filter(({ stream }) => stream === `w-${i}`))).toEqual(
        Array.from({ length: each }, (_, n) => n),
      );
    await until('the follower has them all', () => events.length >= 50 * each);
    expect(events).toEqual(all);
    expect(marks).toHaveLength(1);
  });
});

describe('a follower of EventStoreDB (wire)', () => {
  it('goes on over restarts and cut connections, loses and doubles nothing, and gets one mark', async () => {
    const told: string[] = [];
    const tell = (message: string): void => void told.push(message);
    const { server, log } = await servedLog(
      { log: { ...silent, warn: tell, info: tell } },
      { directory: await scratch() },
    );
    for (let n = 0; n < 300; n += 1) rightOf(await appendTo(log, `a-${n % 3}`, [event(n)], 'any'));
    const { events, marks } = followed((signal) => log.follow(undefined, signal));
    for (let n = 300; n < 500; n += 1) {
      if (n % 100 === 0) await server.restart();
      if (n % 100 === 50) server.cut();
      rightOf(await appendTo(log, `a-${n % 3}`, [event(n)], 'any'));
    }
    await until('all have come', () => events.length >= 500);
    expect(events).toEqual(rightOf(await log.readAll()()));
    expect(numbers(events)).toEqual(Array.from({ length: 500 }, (_, n) => n));
    expect(marks).toHaveLength(1);
    expect(told.slice(0, 2)).toEqual(['the connection to the event log has broken', 'the event log is back']);
  });
  it('is given its mark also where the connection breaks before it has caught up', async () => {
    const { server, log } = await servedLog();
    const numbered = Array.from({ length: 600 }, (_, n) => event(n));
    rightOf(await appendTo(log, 'a-1', numbered, 'noStream'));
    server.faults.pushEvery(1);
    const { events, marks } = followed((signal) => log.follow(undefined, signal));
    await until('some have come', () => events.length > 50);
    server.cut();
    await until('the mark has come', () => marks.length > 0);
    expect(numbers(events)).toEqual(numbers(rightOf(await log.readAll()())));
    expect(marks).toEqual([600]);
  });
  it('comes back where the server drops it for being slow', async () => {
    const { server, log } = await servedLog();
    const { events, marks } = followed((signal) => log.follow(undefined, signal));
    await until('the mark has come', () => marks.length === 1);
    server.faults.dropSlow(true);
    rightOf(await appendTo(log, 'a-1', [event(0)], 'any'));
    server.faults.dropSlow(false);
    rightOf(await appendTo(log, 'a-1', [event(1)], 'any'));
    await until('both have come', () => events.length === 2);
    expect(marks).toHaveLength(1);
  });
  it('goes on where it was refused for a while', async () => {
    const { server, log } = await servedLog();
    server.faults.refuse(true);
    const { events } = followed((signal) => log.follow(undefined, signal));
    expect(codeOf(await appendTo(log, 'a-1', [event(0)], 'any'))).toBe('unauthorized');
    server.faults.refuse(false);
    rightOf(await appendTo(log, 'a-1', [event(0)], 'any'));
    await until('it has come', () => events.length === 1);
  });
  it('who takes nothing has nothing piled up for it', async () => {
    const { log } = await servedLog();
    const following = log.follow(undefined, never)[Symbol.asyncIterator]();
    expect(await following.next()).toEqual({ value: { kind: 'caughtUp' }, done: false });
    for (let from = 0; from < 4_000; from += 1_000)
      rightOf(
        await appendTo(
          log,
          'a-1',
          Array.from({ length: 1_000 }, (_, n) => event(from + n)),
          'any',
        ),
      );
    let seen = 0;
    while (seen < 4_000) {
      const given = await following.next();
      const { events } = given.done === true || given.value.kind !== 'events' ? { events: [] } : given.value;
      expect(events.length).toBeGreaterThan(0);
      expect(events.length).toBeLessThanOrEqual(500);
      expect(events[0]?.data.n).toBe(seen);
      seen += events.length;
    }
    await following.return?.();
  });
});

describe('two logs in one EventStoreDB (wire)', () => {
  it('do not see each other, nor other programs and system events', async () => {
    const { server, log } = await servedLog({ prefix: 'sallyport.inner.' });
    const other = wireLog(server.url, { prefix: 'sallyport.inner2.' });
    const stranger = wireLog(server.url, { prefix: '' });
    for (const one of [log, other, stranger]) rightOf(await appendTo(one, 'transfer-1', [event(0)], 'noStream'));
    rightOf(await log.setRetention('transfer-1', { keepFrom: 0n })());
    rightOf(await log.setRetention('transfer-1', { keepFrom: 1n })());
    rightOf(await appendTo(log, 'transfer-1', [event(1)], 0n));
    expect(numbers(rightOf(await log.readStream('transfer-1')()))).toEqual([1]);
    for (const each of [other, stranger]) expect(numbers(rightOf(await each.readStream('transfer-1')()))).toEqual([0]);
    expect(rightOf(await other.readAll()()).map(({ stream }) => stream)).toEqual(['transfer-1']);
    expect(rightOf(await log.readAll()()).every(({ stream }) => stream === 'transfer-1')).toBe(true);
  });
});

describe('the event log in EventStoreDB (wire) over TLS', () => {
  it('signs in, and never shows the password when it cannot', async () => {
    const directory = await scratch();
    writeCertificate(directory, 'store', ['-addext', 'subjectAltName=IP:127.0.0.1']);
    const [certificate, key] = await Promise.all(
      ['store.crt', 'store.key'].map((name) => readFile(join(directory, name), 'utf8')),
    );
    const users = { sallyport: { password: 'p@ss:word', admin: true } };
    const server = await startEventStore({ tls: { certificate: certificate ?? '', key: key ?? '' }, users });
    onTestFinished(() => server.close());
    const ca = `tlsCAFile=${encodeURIComponent(join(directory, 'store.crt'))}`;
    const as = (password: string): string =>
      `esdb://sallyport:${encodeURIComponent(password)}@127.0.0.1:${server.port}?tls=true&${ca}`;
    const log = wireLog(as('p@ss:word'));
    rightOf(await appendTo(log, 'a-1', [event(0)], 'noStream'));
    expect(numbers(rightOf(await log.readAll()()))).toEqual([0]);
    const wrong = await appendTo(wireLog(as('secret-word')), 'a-1', [event(0)], 'noStream');
    expect(codeOf(wrong)).toBe('unauthorized');
    const away = await appendTo(
      wireLog(as('secret-word').replace(String(server.port), '1'), { patience: resigned }),
      'a-1',
      [event(0)],
      'any',
    );
    expect(codeOf(away)).toBe('unavailable');
    for (const each of [wrong, away]) expect(JSON.stringify(each)).not.toMatch(/secret/);
  });
});
