import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { copyLog } from '../../adapters/log-copy.ts';
import { lockDirectory } from '../../adapters/shared/lock.ts';
import { configIn, copiedBothWays } from '../support/copy-command.ts';
import { never } from '../support/event-log-under-test.ts';
import { startEventStore } from '../support/eventstore/index.ts';
import { embeddedIn, fill } from '../support/logs-to-copy.ts';
import { scratch } from '../support/scratch.ts';

describe('the command log copy', () => {
  it('moves a log to EventStoreDB and back, killed in the middle both times, and all are equal', async () => {
    await copiedBothWays(await scratch(), 1_500, 120_000);
  }, 240_000);
});

describe('copying a log', () => {
  const given = async () => {
    const directory = await scratch();
    const config = await configIn(directory, 'here');
    const log = await embeddedIn(join(directory, 'here'));
    await fill(log, 3);
    await log.close();
    return { directory, config, data: join(directory, 'here') };
  };
  const copy = (from: string, to: string) => copyLog({ from, to, signal: never, progress: () => undefined });
  const left = (why: unknown) => ({ _tag: 'Left', left: why });
  const text = (pattern: RegExp) => left(expect.stringMatching(pattern));

  it('takes a config, a data directory and a connection string for a place', async () => {
    const { directory, config, data } = await given();
    const server = await startEventStore();
    onTestFinished(() => server.close());
    expect(await copy(data, join(directory, 'new'))).toMatchObject({ right: { target: { events: 3 } } });
    expect(await copy(config, server.url)).toMatchObject({ right: { before: 0, target: { events: 3 } } });
    const named = await configIn(directory, 'named', { eventLog: server.url });
    expect(await copy(data, named)).toMatchObject({ right: { before: 3, target: { events: 3 } } });
  });

  it('waits for neither server to stop, but says that it runs', async () => {
    const { directory, config, data } = await given();
    const release = await lockDirectory(data);
    expect(await copy(config, join(directory, 'new'))).toMatchObject(
      text(/another server is running on .*here; stop it/),
    );
    expect(await copy(join(directory, 'here'), 'esdb://127.0.0.1:1')).toMatchObject(
      text(/name the config of the server/),
    );
    await release();
    expect(await copy(config, join(directory, 'new'))).toMatchObject({ right: { target: { events: 3 } } });
  });

  it('says what is wrong with a place', async () => {
    const { directory, config, data } = await given();
    await mkdir(join(directory, 'empty'));
    const other = await configIn(directory, 'other', { node: 'inner-2' });
    expect(await copy(join(directory, 'empty'), data)).toMatchObject(text(/there is no event log in .*empty/));
    expect(await copy(config, data)).toMatchObject(text(/name the same log/));
    expect(await copy(config, other)).toMatchObject(
      text(/of the node inner-1, .* of inner-2: a log stays with its node/),
    );
    expect(await copy(config, 'esdb://u:secret@h:1')).toMatchObject(
      text(/^(?!.*secret).*a user and password do not stand/),
    );
    expect(await copy(config, 'esdb://127.0.0.1:1?tls=false')).toMatchObject(text(/does not answer: .*is it running/));
    const missing = join(directory, 'missing.yaml');
    expect(await copy(missing, data)).toMatchObject(left({ file: missing, problems: [{ path: '(the whole file)' }] }));
  }, 60_000);
});
