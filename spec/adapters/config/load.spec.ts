import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isLeft } from 'fp-ts/lib/Either.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { dataOf, loadConfig } from '../../../adapters/config/load.ts';
import { permanent } from '../../../domain/failure.ts';
import { protocol } from '../../../domain/protocol.ts';
import { filePath } from '../../../domain/units.ts';
import { writeCertificate } from '../../support/certificate.ts';

const fax = protocol({
  name: 'fax',
  port: 99,
  settings: z.strictObject({
    protocol: z.literal('fax'),
    host: z.string().default('0.0.0.0'),
    port: z.number().default(99),
    hostKeys: z.array(filePath).default([]),
    banner: z.string().default(''),
  }),
  listen: () => TE.left(permanent('test', 'nobody listens here')),
});

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'sallyport-config-'));
  writeCertificate(directory, 'one');
  writeCertificate(directory, 'other');
  writeFileSync(join(directory, 'word'), 'open sesame\n');
});
afterAll(() => rmSync(directory, { recursive: true }));

const link = (key = 'one.key') => `messageService:
  ca: one.crt
  certificate: one.crt
  key: ${key}
  peers:
    - { node: other, fingerprint: "sha256:${'0'.repeat(64)}", host: dmz.example.com }
`;
const inner = (more = '', key?: string) => `role: inner\nnode: inner\ndata: ./data\n${link(key)}${more}`;

const load = async (text: string, environment: Record<string, string> = {}) => {
  const file = join(directory, 'a.yaml');
  writeFileSync(file, text);
  return loadConfig(file, [fax], environment);
};
const problems = async (text: string, environment?: Record<string, string>) => {
  const loaded = await load(text, environment);
  return isLeft(loaded) ? loaded.left : [];
};
const loaded = async (text: string, environment?: Record<string, string>) => {
  const found = await load(text, environment);
  if (isLeft(found)) throw new Error(JSON.stringify(found.left));
  return found.right;
};

describe('loading a config', () => {
  it('makes paths absolute, counted from the file, in protocol settings too, and nothing else', async () => {
    const { config, tls } = await loaded(
      inner('profiles: [{ name: p, responses: [{ kind: file, directory: ../out }] }]'),
    );
    expect(config.data).toBe(join(directory, 'data'));
    expect(config.role === 'inner' && config.profiles[0]?.responses[0]?.directory).toBe(join(directory, '../out'));
    expect(tls.key).toContain('PRIVATE KEY');
    const dmz = await loaded(
      `role: dmz\nnode: dmz\ndata: d\n${link().replace(', host: dmz.example.com', '')}listeners: [{ protocol: fax, hostKeys: [k, /abs/k], banner: ./hello }]`,
    );
    expect(dmz.config.role === 'dmz' && dmz.config.listeners).toEqual([
      expect.objectContaining({ hostKeys: [join(directory, 'k'), '/abs/k'], banner: './hello' }),
    ]);
  });

  it('finds secrets by file and environment, apart from the config', async () => {
    const { config, secrets } = await loaded(
      inner(`channels:
  - { name: a, login: a, password: { file: word } }
  - { name: b, login: b, password: { env: B_WORD } }
`),
      { B_WORD: 'swordfish' },
    );
    expect([...secrets]).toEqual([
      ['a', 'open sesame'],
      ['b', 'swordfish'],
    ]);
    expect(JSON.stringify(config)).not.toMatch(/sesame|swordfish/);
  });

  it('makes one connection string of the event log, its password and files found', async () => {
    const plain = await loaded(inner('eventLog: esdb+discover://db.example.com:2113/?keepAliveInterval=20000\n'));
    expect(plain.eventLog).toBe('esdb+discover://db.example.com:2113?keepAliveInterval=20000');
    const { config, eventLog } = await loaded(
      inner(`eventLog:
  url: esdb://a:2113,b,c:2114?tlsCAFile=one.crt
  user: us@here
  password: { file: word }
`),
    );
    const ca = encodeURIComponent(join(directory, 'one.crt'));
    expect(eventLog).toBe(`esdb://us%40here:open%20sesame@a:2113,b,c:2114?tlsCAFile=${ca}`);
    expect(JSON.stringify(config)).not.toContain('sesame');
    expect((await loaded(inner())).eventLog).toBeUndefined();
  });

  it.each([
    ['esdb://admin:secret@host:2113', 'eventLog', 'a user and password do not stand in the connection string'],
    ['http://host', 'eventLog', 'write esdb://host:2113'],
    ['esdb://host:2113?colour=red', 'eventLog', 'there is no setting of that name'],
    ['esdb://host:2113?tlsVerifyCert=false', 'eventLog', 'there is no setting of that name'],
    ['esdb://host:2113?nodePreference=follower', 'eventLog', 'nodePreference must be leader'],
    ['esdb://host:2113?tls=maybe', 'eventLog', 'tls must be true or false'],
    ['esdb://host:2113?tlsCAFile=gone.crt', 'eventLog', 'tlsCAFile: '],
    ['esdb://host:2113?userCertFile=one.crt', 'eventLog', 'go together'],
    ['{ url: "esdb://host?tls=false", user: u, password: { file: word } }', 'eventLog.url', 'no user is signed in'],
    ['{ url: "esdb://host", user: u, password: { env: GONE } }', 'eventLog.password', 'GONE is not set'],
    ['{ url: "ftp://host", user: u, password: { file: word } }', 'eventLog.url', 'write esdb://host:2113'],
    ['7', 'eventLog', 'write a connection string'],
  ])('says what is wrong with the event log %s', async (text, path, problem) => {
    const found = await problems(inner(`eventLog: ${text}\n`));
    expect(found).toMatchObject([
      { path, problem: expect.stringContaining(problem) as string, line: expect.any(Number) as number },
    ]);
    expect(JSON.stringify(found)).not.toContain('secret');
  });

  it('says every problem at once, with path and line', async () => {
    const found = await problems(`role: inner
node: inner
data: ./data
log:
  level: loud
messageService:
  ca: one.crt
  certificate: one.crt
  key: one.key
  peers: 7
channels:
  - name: A
    login: a
    password: plain
colour: red
`);
    expect(found.map(({ path, line }) => [path, line])).toEqual([
      ['log.level', 5],
      ['messageService.peers', 10],
      ['channels[0].name', 12],
      ['channels[0].password', 14],
      ['colour', 15],
    ]);
    expect(found[3]?.problem).toContain('{ env: NAME } or { file: path }');
  });

  it('calls a missing setting missing, on the line of what it is missing in', async () => {
    expect(await problems('role: inner\nnode: inner\ndata: d\nmessageService:\n  ca: one.crt\n')).toContainEqual({
      path: 'messageService.key',
      problem: 'missing: this setting is needed (string)',
      line: 5,
    });
  });

  it('says what is wrong with secrets and keys, and never what they are', async () => {
    const found = await problems(
      inner(
        `channels:
  - { name: a, login: a, password: { file: gone } }
  - { name: b, login: b, password: { env: B_WORD } }
`,
        'other.key',
      ),
    );
    expect(found.map(({ path, line }) => [path, line])).toEqual([
      ['messageService.key', 7],
      ['channels[0].password', 11],
      ['channels[1].password', 12],
    ]);
    expect(found[0]?.problem).toContain('not the key of messageService.certificate');
    expect(found[1]?.problem).toContain(`${join(directory, 'gone')}: there is no such file`);
    expect(found[2]?.problem).toContain('B_WORD is not set');
    const swapped = await problems(inner('', 'word'));
    expect(swapped[0]?.problem).toContain('not an unencrypted private key');
    expect(JSON.stringify(swapped)).not.toContain('sesame');
  });

  it.each([
    ['a key that stands twice', 'role: inner\nnode: a\nnode: b\n', /unique/i, 3],
    ['broken YAML', 'role: inner\nnode: "a\n', /quote/i, 3],
    ['a tag that nobody knows', 'role: !!js/function "x"\n', /tag/i, 1],
  ])('refuses %s, with its line', async (_, text, problem, line) => {
    expect(await problems(text)).toContainEqual({
      path: '(YAML)',
      problem: expect.stringMatching(problem) as string,
      line,
    });
  });

  it('refuses aliases that multiply without end', async () => {
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x]',
      'b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]',
      'c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]',
    ];
    expect((await problems(`${bomb.join('\n')}\nd: [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n`))[0]?.problem).toMatch(/alias/i);
  });

  it('refuses nesting without end', async () => {
    expect((await problems('['.repeat(100_000)))[0]?.path).toBe('(YAML)');
  });

  it('refuses what is too long, is no file, or is not there', async () => {
    expect((await problems(`#${'x'.repeat(64 * 1024 * 1024)}`))[0]?.problem).toContain('longer than');
    const directoryItself = await loadConfig(directory, [fax]);
    expect(isLeft(directoryItself) && directoryItself.left[0]?.problem).toContain('not a regular file');
    const gone = await loadConfig(join(directory, 'gone.yaml'), [fax]);
    expect(isLeft(gone) && gone.left).toEqual([{ path: '(the whole file)', problem: 'there is no such file' }]);
  });

  it('knows the data directory even where the secrets are out of reach', async () => {
    const file = join(directory, 'b.yaml');
    writeFileSync(file, inner('channels: [{ name: a, login: a, password: { file: gone } }]'));
    expect(await dataOf(file, [fax])).toMatchObject({ right: join(directory, 'data') });
  });
});
