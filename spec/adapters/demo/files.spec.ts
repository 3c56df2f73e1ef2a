import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isLeft } from 'fp-ts/lib/Either.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { loadConfig } from '../../../adapters/config/load.ts';
import { demoEventLog, ownEventLog } from '../../../adapters/demo/event-log.ts';
import { demoPaths, prepareFiles } from '../../../adapters/demo/files.ts';
import type { KeyTools, ShownKey } from '../../../adapters/shared/key-tools.ts';
import { permanent } from '../../../domain/failure.ts';
import { protocol } from '../../../domain/protocol.ts';
import { writeCertificate } from '../../support/certificate.ts';
import { fakeProgram } from '../../support/fake-program.ts';

const fake = (name: 'ftp' | 'ftps' | 'http' | 'https' | 'sftp' | 'smtp') =>
  protocol({
    name,
    port: 22,
    settings: z.looseObject({ protocol: z.literal(name), host: z.string(), port: z.number() }),
    listen: () => TE.left(permanent('test', 'nobody listens here')),
  });
const protocols = [fake('ftp'), fake('ftps'), fake('http'), fake('https'), fake('sftp'), fake('smtp')];

const shown = (node: 'inner' | 'dmz', digit: string): ShownKey => ({
  ...{ file: `${node}.crt`, node, role: node, notAfter: 0, daysLeft: 0 },
  fingerprint: `sha256:${digit.repeat(64)}`,
});
let made: string[] = [];
const { keys: none, clock } = fakeProgram();
const keys: KeyTools = {
  ...none,
  create: ({ directory, nodes }) =>
    TE.fromIO(() => {
      made.push(...nodes.map(({ node }) => node));
      mkdirSync(directory);
      for (const { node } of nodes) writeCertificate(directory, node);
      writeCertificate(directory, 'ca');
      return [];
    }),
  show: () => TE.right([shown('inner', 'a'), shown('dmz', 'b')]),
};

let data = '';
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'sallyport-demo-'));
  made = [];
});
afterEach(() => rmSync(data, { recursive: true }));
const prepare = (portOffset = 0, eventLog = ownEventLog) => prepareFiles({ data, portOffset, eventLog, keys, clock });

describe("the demo's files", () => {
  it('are two configs that load as they are', async () => {
    await prepare(1000);
    const paths = demoPaths(data);
    const inner = await loadConfig(paths.inner.config, protocols);
    const dmz = await loadConfig(paths.dmz.config, protocols);
    if (isLeft(inner) || isLeft(dmz)) throw new Error(JSON.stringify([inner, dmz]));
    expect(inner.right.config).toMatchObject({
      ...{ role: 'inner', data: paths.inner.data },
      messageService: {
        mode: 'pushback',
        peers: [{ node: 'dmz', fingerprint: shown('dmz', 'b').fingerprint, port: 9020 }],
      },
      profiles: [{ responses: [{ kind: 'file', directory: join(data, 'inner/out') }] }],
    });
    expect([...inner.right.secrets]).toEqual([['demo', 'demo']]);
    expect(dmz.right.config).toMatchObject({
      ...{ role: 'dmz', data: paths.dmz.data, limits: { newSessionsPerMinute: 1000 } },
      messageService: { mode: 'pushback', port: 9020, peers: [{ fingerprint: shown('inner', 'a').fingerprint }] },
      listeners: [
        { protocol: 'sftp', host: '127.0.0.1', port: 3222 },
        { protocol: 'ftp', host: '127.0.0.1', port: 3121, passive: { ports: [21_000, 21_100] } },
        { protocol: 'ftps', host: '127.0.0.1', port: 3990, mode: 'implicit' },
        { protocol: 'http', host: '127.0.0.1', port: 9080 },
        { protocol: 'https', host: '127.0.0.1', port: 9443 },
        { protocol: 'smtp', host: '127.0.0.1', port: 3525 },
      ],
    });
    expect(statSync(paths.inner.config).mode & 0o777).toBe(0o600);
  });

  it('are made once: what is there is kept, but for the marked ports', async () => {
    await prepare();
    const { dmz, password } = demoPaths(data);
    const text = readFileSync(dmz.config, 'utf8');
    writeFileSync(password, 'better\n');
    writeFileSync(dmz.config, `${text.replace('level: info', 'level: debug')}# mine\n`);
    await prepare(5);
    const after = readFileSync(dmz.config, 'utf8');
    expect(after).toContain('level: debug');
    expect(after.endsWith('# mine\n')).toBe(true);
    expect(parse(after)).toMatchObject({
      listeners: [{ port: 2227 }, { port: 2126 }, { port: 2995 }, { port: 8085 }, { port: 8448 }, { port: 2530 }],
      messageService: { port: 8025 },
    });
    expect(readFileSync(password, 'utf8')).toBe('better\n');
    expect(made).toEqual(['inner', 'dmz']);
    await prepare();
    expect(readFileSync(dmz.config, 'utf8')).toBe(`${text.replace('level: info', 'level: debug')}# mine\n`);
  });

  it('say why they cannot be made', async () => {
    const broken: KeyTools = { ...keys, create: () => TE.left(permanent('io', 'The disk is full.')) };
    await expect(prepareFiles({ data, portOffset: 0, eventLog: ownEventLog, keys: broken, clock })).rejects.toThrow(
      'The disk is full.',
    );
  });

  it('keep both event logs in EventStoreDB where that is asked for, its password in a file of its own', async () => {
    const eventLog = demoEventLog('esdb://admin:change%20it@db.example.com:2113');
    await prepare(0, eventLog);
    const paths = demoPaths(data);
    for (const { config } of [paths.inner, paths.dmz]) {
      const loaded = await loadConfig(config, protocols);
      if (isLeft(loaded)) throw new Error(JSON.stringify(loaded.left));
      expect(loaded.right.eventLog).toBe('esdb://admin:change%20it@db.example.com:2113');
      expect(readFileSync(config, 'utf8')).not.toMatch(/change(%20| )it/);
    }
    expect(statSync(join(data, 'eventstore.password')).mode & 0o777).toBe(0o600);
    await prepare(0, eventLog);
    await prepare();
    await expect(prepare(0, demoEventLog('esdb://other:2113?tls=false'))).rejects.toThrow('names another event log');
  });

  it.each([
    ['http://host', 'write esdb://'],
    ['esdb://a:b@host:2113?tls=false', 'no user is signed in'],
    ['esdb://a:%zz@host:2113', '%25'],
  ])('do not know the event log %s', (asked, why) => {
    expect(() => demoEventLog(asked)).toThrow(why);
  });
});
