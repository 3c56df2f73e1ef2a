import { once } from 'node:events';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { run } from '../support/run.ts';
import { entry, type Pair, preparePair } from '../support/servers.ts';

type Yaml = Record<string, unknown>;

describe('a server that cannot start', () => {
  let pair: Pair;
  beforeEach(async () => {
    pair = await preparePair();
  });
  afterEach(() => pair.end());

  const serve = (config: string) => run(process.execPath, [entry, 'serve', '--config', config], { within: 20_000 });
  const change = async (config: string, edit: (yaml: Yaml) => void): Promise<void> => {
    const yaml = parse(await readFile(config, 'utf8')) as Yaml;
    edit(yaml);
    await writeFile(config, stringify(yaml));
  };
  /** One sentence on stderr that names `what`, and nothing that looks like a stack trace. */
  const expectSentence = (err: string, what: RegExp): void => {
    expect(
      err
        .trim()
        .split('\n')
        .filter((line) => !/ (info|warn) /.test(line)),
    ).toEqual([expect.stringMatching(what)]);
    expect(err).not.toMatch(/^\s+at /m);
  };

  it('prints every problem of its config and exits 2', async () => {
    await change(pair.inner.config, (yaml) => {
      yaml.node = 'Inner 1';
      yaml.colour = 'red';
      yaml.streamingSize = '1 MB';
      (yaml.profiles as Yaml[])[0] = { name: 'orders', match: { channel: 'acme' }, responses: [{ kind: 'fax' }] };
    });
    const { code, err } = await serve(pair.inner.config);
    expect(code).toBe(2);
    for (const where of ['node', 'colour', 'streamingSize', 'profiles[0].responses[0]']) expect(err).toContain(where);
    expect(err.trim().split('\n').length).toBeGreaterThanOrEqual(4);
    expect(err).not.toMatch(/^\s+at /m);
  });

  it('says that a file is no YAML, and where', async () => {
    await writeFile(pair.dmz.config, 'role: dmz\nnode: [\n');
    const { code, err } = await serve(pair.dmz.config);
    expect(code).toBe(2);
    expect(err).toMatch(/dmz\.yaml:[23]: \(YAML\)/);
  });

  it('says which key is missing', async () => {
    await rm(join(pair.directory, 'keys', 'dmz-1.key'));
    const { code, err } = await serve(pair.dmz.config);
    expect(code).toBe(2);
    expectSentence(err, /messageService\.key: .*dmz-1\.key/);
  });

  it('says that a certificate is for another server', async () => {
    await change(pair.dmz.config, (yaml) => {
      const link = yaml.messageService as Yaml;
      Object.assign(link, { certificate: 'keys/inner-1.crt', key: 'keys/inner-1.key' });
    });
    const { code, err } = await serve(pair.dmz.config);
    expect(code).toBe(1);
    expectSentence(err, /it is for inner:inner-1, not for dmz:dmz-1/);
  });

  it('says that its data directory cannot be written', async () => {
    await writeFile(join(pair.directory, 'file'), '');
    await change(pair.dmz.config, (yaml) => {
      yaml.data = 'file/data';
    });
    const { code, err } = await serve(pair.dmz.config);
    expect(code).toBe(1);
    expectSentence(err, /file\/data cannot be written/);
  });

  it('says which port is in use', async () => {
    const other = createServer().listen(pair.sftpPort, '127.0.0.1');
    await once(other, 'listening');
    const { code, err } = await serve(pair.dmz.config);
    other.close();
    expect(code).toBe(1);
    expectSentence(err, new RegExp(`${pair.sftpPort}`));
  });

  it('says that another server runs on its data directory', async () => {
    await pair.dmz.start();
    const { code, err } = await serve(pair.dmz.config);
    expect(code).toBe(1);
    expectSentence(err, /another server is running on .*dmz/);
    expect((await pair.dmz.status()).state).toBe('serving');
  });

  it('is found by check, which starts nothing', async () => {
    const check = (config: string) => run(process.execPath, [entry, 'check', '--config', config]);
    expect(await check(pair.dmz.config)).toMatchObject({ code: 0, err: '' });
    const other = createServer().listen(pair.linkPort, '127.0.0.1');
    await once(other, 'listening');
    const { code, err } = await check(pair.dmz.config);
    other.close();
    expect(code).toBe(2);
    expect(err).toContain('messageService.port');
  });
});
