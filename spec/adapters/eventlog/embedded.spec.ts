import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { embeddedEventLog } from '../../../adapters/eventlog/embedded.ts';
import { openDatabase } from '../../../adapters/shared/sqlite.ts';
import { eventLogContract } from '../../contracts/event-log.ts';
import { event, rightOf } from '../../support/event-log-under-test.ts';

const onFatal = (error: Error): never => {
  throw error;
};

eventLogContract(
  'contract: embedded',
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'log-'));
    let log = await embeddedEventLog({ directory, onFatal });
    return {
      log,
      reopen: async () => {
        await log.close();
        log = await embeddedEventLog({ directory, onFatal });
        return log;
      },
      dispose: async () => {
        await log.close();
        await rm(directory, { recursive: true });
      },
    };
  },
  { refusesKnownIds: true },
);

describe('an embedded event log', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'log-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  it('takes more appends at once than may wait, in order, and loses none', async () => {
    const log = await embeddedEventLog({ directory, onFatal });
    const answers = await Promise.all(
      Array.from({ length: 25_000 }, (_, n) => log.append('a-1', [event(n)], { expected: BigInt(n - 1) })()),
    );
    expect(answers.map((answer) => rightOf(answer).revision)).toEqual(answers.map((_, n) => BigInt(n)));
    await log.close();
  });
  it('finishes what was under way when it closes', async () => {
    const log = await embeddedEventLog({ directory, onFatal });
    const appends = Array.from({ length: 100 }, (_, n) => log.append(`a-${n}`, [event(n)], { expected: 'noStream' })());
    rightOf(await log.readAll()());
    await log.close();
    for (const answer of await Promise.all(appends)) expect(rightOf(answer).revision).toBe(0n);
    const again = await embeddedEventLog({ directory, onFatal });
    expect(rightOf(await again.readAll()())).toHaveLength(100);
    await again.close();
  });
  it('refuses to open what is no database, in one sentence', async () => {
    await writeFile(join(directory, 'events.db'), 'no database at all '.repeat(100));
    await expect(embeddedEventLog({ directory, onFatal })).rejects.toThrow('file is not a database');
  });
  it('refuses to open a log of a newer program', async () => {
    const db = openDatabase(directory, 'events.db', 'FULL');
    db.exec('PRAGMA user_version = 99');
    db.close();
    await expect(embeddedEventLog({ directory, onFatal })).rejects.toThrow('schema version 99');
  });
  it('says once that it failed, and then refuses everything', async () => {
    const failures: Error[] = [];
    const log = await embeddedEventLog({ directory, onFatal: (error) => failures.push(error) });
    rightOf(await log.append('a-1', [event(0)], { expected: 'noStream' })());
    const following = log.follow(undefined, new AbortController().signal);
    const followed = following[Symbol.asyncIterator]();
    expect((await followed.next()).value).toMatchObject({ kind: 'events' });
    expect((await followed.next()).value).toEqual({ kind: 'caughtUp' });
    const next = followed.next();
    const db = openDatabase(directory, 'events.db', 'FULL');
    db.exec('DROP TABLE events');
    db.close();
    const appends = [1, 2].map((n) => log.append('a-1', [event(n)], { expected: 'any' })());
    expect((await Promise.all(appends)).map((answer) => answer._tag === 'Left' && answer.left.code)).toEqual([
      'outcomeUnknown',
      'outcomeUnknown',
    ]);
    const after = await log.append('a-1', [event(3)], { expected: 'any' })();
    expect(after).toMatchObject({ _tag: 'Left', left: { code: 'unavailable', lasting: 'temporary' } });
    expect(await log.readAll()()).toMatchObject({ _tag: 'Left', left: { code: 'unavailable' } });
    expect(await next).toEqual({ value: undefined, done: true });
    await log.close();
    expect(failures).toHaveLength(1);
  });
});
