import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { run } from '../run.ts';
import { scratch } from '../scratch.ts';
import { version } from './cluster.ts';
import { given } from './given.ts';
import { runScript, type Transcript } from './script.ts';

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const transcripts = path('transcripts');
const present = existsSync(transcripts) ? readdirSync(transcripts).filter((name) => name.endsWith('.json')) : [];
const record = (url: string, ...args: readonly string[]) =>
  run(process.execPath, [path('../../../dist/spec/support/eventstore/record.js'), ...args], {
    env: { EVENTSTORE_URL: url },
  });

describe('the wire server', () => {
  it.skipIf(present.length > 0)(
    'answers as a real one: no transcript of a real EventStoreDB: run npm run eventstore:record',
    (test) => test.skip('no transcript of a real EventStoreDB: run npm run eventstore:record'),
  );

  it.each(present)('answers as the real one of transcript %s', async (name) => {
    const real = JSON.parse(readFileSync(join(transcripts, name), 'utf8')) as Transcript;
    expect(real.server, 'a transcript of the wire server itself proves nothing').not.toContain('wire');
    const { es } = await given();
    expect((await runScript(es.url)).steps).toEqual(real.steps);
  });

  it('answers the script in the same way each time', async () => {
    const [{ es: one }, { es: other }] = [await given(), await given()];
    const [first, second] = [await runScript(one.url), await runScript(other.url)];
    expect(first.steps.length).toBeGreaterThan(50);
    expect(second.steps).toEqual(first.steps);
    expect((await runScript(one.url)).steps).toEqual(first.steps);
  });
});

describe('the recorder', () => {
  it('writes what a server answers', async () => {
    const [directory, { es }] = [await scratch(), await given()];
    expect(await record(es.url, directory)).toMatchObject({ code: 0, err: '' });
    const written = JSON.parse(await readFile(join(directory, `${version}.json`), 'utf8')) as Transcript;
    expect(written).toMatchObject({ server: version, steps: (await runScript(es.url)).steps });
    expect(written.date).toMatch(/^\d{4}-\d\d-\d\d$/);
  });

  it('says that it needs an address', async () => {
    expect(await record('')).toEqual({
      code: 2,
      out: '',
      err: 'EVENTSTORE_URL is not set: give it the address of a real EventStoreDB, as esdb://host:2113\n',
    });
  });

  it('says where it found no server, without the password', async () => {
    const failed = await record('esdb://admin:secret@127.0.0.1:9?tls=false', await scratch());
    expect(failed).toMatchObject({ code: 1, out: '' });
    expect(failed.err).toMatch(/^esdb:\/\/127\.0\.0\.1:9\?tls=false could not be recorded: /);
    expect(failed.err).not.toContain('secret');
  });
});
