import { left, right } from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { heldKeys } from '../../actors/held-keys.ts';
import { openStreams } from '../../actors/streams.ts';
import { watchOutboxes } from '../../actors/watch-outboxes.ts';
import { sftp } from '../../adapters/sftp/index.ts';
import { decodeConfig, type InnerConfig } from '../../domain/config.ts';
import { type Failure, permanent } from '../../domain/failure.ts';
import { asideName, type DroppedFile, type Outboxes, outboxSettings } from '../../domain/outbox.ts';
import { countedIds, manualClock } from '../support/manual-clock.ts';
import { memoryEventLog } from '../support/memory-event-log.ts';
import { memoryPayloadStore } from '../support/memory-payload-store.ts';
import { bytesOf, succeeded } from '../support/outcome.ts';
import { until } from '../support/until.ts';

const node = 'inner-1';
const decoded = decodeConfig(
  {
    role: 'inner',
    node,
    data: '/data',
    messageService: {
      ...{ ca: '/ca', certificate: '/c', key: '/k' },
      peers: [{ node: 'dmz-1', fingerprint: `sha256:${'0'.repeat(64)}`, host: 'dmz' }],
    },
    channels: [{ name: 'acme', partner: { protocol: 'sftp', hosts: ['a'], login: 'me' } }],
  },
  [sftp],
);
if (decoded._tag === 'Left') throw new Error(JSON.stringify(decoded.left));
const config = decoded.right as InnerConfig;

/** A directory in memory; each file has a number of its own and the text that it holds. */
const memoryOutbox = () => {
  const files = new Map<string, DroppedFile & { readonly text: string }>();
  const failing = new Map<'list' | 'read' | 'remove', Failure>();
  let stamp = 0;
  const drop = (name: string, text: string, number?: string): void => {
    stamp += 1;
    const at = `${stamp}`;
    const inode = number ?? at;
    const before = files.get(name);
    files.set(name, { name, text, inode, size: text.length, modified: at, changed: at, born: before?.born ?? inode });
  };
  const rename = (from: string, to: string): void => {
    const file = files.get(from);
    if (file === undefined) throw new Error(`there is no ${from}`);
    files.delete(from);
    stamp += 1;
    files.set(to, { ...file, name: to, changed: `${stamp}` });
  };
  const outboxes: Outboxes = {
    list: () => () => {
      const why = failing.get('list');
      return Promise.resolve(why === undefined ? right([...files.values()]) : left(why));
    },
    read:
      (_, { name }) =>
      () => {
        const why = failing.get('read');
        if (why !== undefined) return Promise.resolve(left(why));
        const bytes = (async function* () {
          await Promise.resolve();
          yield Buffer.from(files.get(name)?.text ?? '');
        })();
        return Promise.resolve(right(bytes));
      },
    remove:
      (_, { name }) =>
      () => {
        const why = failing.get('remove');
        if (why === undefined) files.delete(name);
        return Promise.resolve(why === undefined ? right(undefined) : left(why));
      },
  };
  return { files, failing, drop, rename, outboxes };
};

const world = () => {
  const [log, payloads, ids, clock, box] = [
    memoryEventLog(),
    memoryPayloadStore(),
    countedIds(),
    manualClock(),
    memoryOutbox(),
  ];
  const alarms: string[] = [];
  const quiet = () => undefined;
  const alarm = (message: string, fields?: object) => void alarms.push(`${message} ${JSON.stringify(fields)}`);
  const start = (settings: object = {}) => {
    const streams = openStreams({ log, clock, ids, role: 'inner', node });
    const needs = {
      channels: () => config.channels,
      payloads,
      streams,
      held: heldKeys(),
      ids,
      node,
      dmz: () => 'dmz-1',
      clock,
    };
    return watchOutboxes(
      {
        ...needs,
        outboxes: box.outboxes,
        log: { debug: quiet, info: quiet, warn: quiet, error: quiet, alarm },
      },
      [outboxSettings.parse({ directory: '/drop', channel: 'acme', target: '/in', ...settings })],
    );
  };
  /** What was recorded: the names with what was sent under them. */
  const sent = async (): Promise<readonly string[]> => {
    const events = await succeeded(log.readAll());
    const all = events.map(({ data }) => data as { payload: { key: string }; target: { name: string } });
    return Promise.all(
      all.map(async ({ payload, target }) => {
        const bytes = await bytesOf(await succeeded(payloads.read(payload.key)));
        return `${target.name}: ${Buffer.from(bytes).toString()}`;
      }),
    );
  };
  /** Lets the watcher look so many times. */
  const looks = async (times: number): Promise<void> => {
    for (let i = 0; i < times; i += 1) {
      for (let turn = 0; turn < 200; turn += 1) await Promise.resolve();
      clock.advance(1_000);
    }
    for (let turn = 0; turn < 200; turn += 1) await Promise.resolve();
  };
  return { ...box, start, sent, looks, alarms, log };
};

describe('a watched outbox', () => {
  it('takes a file once it has been unchanged for a while, and removes it', async () => {
    const { drop, start, sent, looks, files } = world();
    const stop = start();
    drop('a.xml', 'part', '7');
    await looks(2);
    drop('a.xml', 'part and the rest', '7');
    await looks(2);
    expect(await sent()).toEqual([]);
    await looks(2);
    expect(await sent()).toEqual(['a.xml: part and the rest']);
    expect(files.size).toBe(0);
    await stop();
  });

  it('takes a file at once that is renamed from a temporary name', async () => {
    const { drop, rename, start, sent, looks } = world();
    const stop = start({ settle: '1h' });
    for (const name of ['.a', 'b.tmp', 'c.part', 'd.xml']) drop(name, name);
    await looks(5);
    expect(await sent()).toEqual([]);
    rename('.a', 'a.xml');
    rename('b.tmp', 'b.xml');
    await looks(2);
    expect(await sent()).toEqual(['a.xml: .a', 'b.xml: b.tmp']);
    await stop();
  });

  it('takes no name that its pattern does not take', async () => {
    const { drop, start, sent, looks } = world();
    const stop = start({ name: '*.xml' });
    drop('a.csv', 'a');
    drop('b.xml', 'b');
    await looks(5);
    expect(await sent()).toEqual(['b.xml: b']);
    await stop();
  });

  it('neither loses nor doubles a file that was recorded and not yet removed', async () => {
    const { drop, start, sent, looks, failing, files, alarms } = world();
    drop('a.xml', 'a');
    failing.set('remove', permanent('notPermitted', 'cannot remove it'));
    let stop = start();
    await looks(6);
    expect(await sent()).toEqual(['a.xml: a']);
    expect(alarms).toEqual([expect.stringContaining('cannot remove it')]);
    await stop();
    failing.clear();
    stop = start();
    await looks(6);
    expect(await sent()).toEqual(['a.xml: a']);
    expect(files.size).toBe(0);
    await stop();
  });

  it('does not double a file whose rights were mended so that it can be removed', async () => {
    const { drop, rename, start, sent, looks, failing, files } = world();
    drop('a.xml', 'a');
    failing.set('remove', permanent('notPermitted', 'cannot remove it'));
    const stop = start();
    await looks(6);
    rename('a.xml', 'a.xml');
    failing.clear();
    await looks(6);
    expect(await sent()).toEqual(['a.xml: a']);
    expect(files.size).toBe(0);
    await stop();
  });

  it('ends a removal that a crash cut off, and only such a one', async () => {
    const { drop, rename, start, sent, looks, failing, files, log } = world();
    drop('a.xml', 'a');
    failing.set('remove', permanent('notPermitted', 'cannot remove it'));
    await until('it is sent', async () => {
      const stop = start();
      await looks(6);
      await stop();
      return (await sent()).length === 1;
    });
    const [event] = await succeeded(log.readAll());
    rename('a.xml', asideName(event?.stream.slice('transfer-'.length) ?? ''));
    drop(asideName('z'.repeat(26)), 'not ours');
    failing.clear();
    const stop = start();
    await looks(3);
    expect([...files.keys()]).toEqual([asideName('z'.repeat(26))]);
    expect(await sent()).toEqual(['a.xml: a']);
    await stop();
  });

  it('sends the same name again, with the same content, as often as it is dropped', async () => {
    const { drop, start, sent, looks } = world();
    const stop = start();
    for (let i = 0; i < 3; i += 1) {
      drop('a.xml', 'a', '7');
      await looks(5);
    }
    expect(await sent()).toEqual(['a.xml: a', 'a.xml: a', 'a.xml: a']);
    await stop();
  });

  it.each(['list', 'read'] as const)('tells once where it cannot %s, and goes on when it can', async (what) => {
    const { drop, start, sent, looks, failing, alarms } = world();
    failing.set(what, permanent('notPermitted', 'this user may not'));
    const stop = start();
    drop('a.xml', 'a');
    await looks(10);
    expect(alarms).toEqual([expect.stringContaining('this user may not')]);
    failing.clear();
    await looks(5);
    expect(await sent()).toEqual(['a.xml: a']);
    await stop();
  });
});
