import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isLeft } from 'fp-ts/lib/Either.js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openFetchDoor } from '../../../actors/fetch-door.ts';
import { fetchEndpoint } from '../../../adapters/sftp/fetch-endpoint.ts';
import { publicKeyOf } from '../../../adapters/sftp/link-keys.ts';
import { sftpSource } from '../../../adapters/sftp/payload-source.ts';
import type { PayloadStore } from '../../../domain/ports.ts';
import { payloadSourceContract } from '../../contracts/payload-source.ts';
import { writeCertificate } from '../../support/certificate.ts';
import { listenerContext } from '../../support/listener-context.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { memoryIntake } from '../../support/memory-intake.ts';
import { memoryPayloadStore } from '../../support/memory-payload-store.ts';
import { failureOf } from '../../support/outcome.ts';
import { scratch } from '../../support/scratch.ts';
import { wireTo } from '../../support/wire.ts';

const keysOf = async (name: string) => {
  const directory = await scratch();
  writeCertificate(directory, name);
  const [key, certificate] = await Promise.all(
    ['key', 'crt'].map((ending) => readFile(join(directory, `${name}.${ending}`), 'utf8')),
  );
  return { key: key ?? '', certificate: new X509Certificate(certificate ?? '').raw };
};
type Keys = Awaited<ReturnType<typeof keysOf>>;

/** An endpoint of dmz-1 and a source of inner-1; each knows the other by the certificate that is given. */
const between = async (store: PayloadStore, known: { readonly inner?: Keys; readonly dmz?: Keys } = {}) => {
  const [inner, dmz] = [await keysOf('inner-1'), await keysOf('dmz-1')];
  const context = listenerContext(memoryIntake([]).intake, '');
  const blob = publicKeyOf((known.inner ?? inner).certificate)?.toString('base64');
  const door = openFetchDoor({
    payloads: store,
    node: 'dmz-1',
    peers: ['inner-1'],
    keyOf: () => blob,
    secret: () => 'not asked for',
    clock: context.clock,
    log: context.log,
  });
  const place = { host: '127.0.0.1', port: 0, key: dmz.key };
  const opened = await fetchEndpoint(place, { ...context, intake: door.intake })();
  if (isLeft(opened)) throw new Error(opened.left.text);
  const wire = await wireTo(opened.right.address.port);
  const clock = manualClock();
  const source = sftpSource({
    node: 'inner-1',
    key: inner.key,
    placeOf: () => ({ host: '127.0.0.1', port: wire.port }),
    certificateOf: () => (known.dmz ?? dmz).certificate,
    clock,
  });
  onTestFinished(async () => {
    await source.close();
    await wire.close().catch(() => undefined);
    await opened.right.close(0);
  });
  return { ...wire, source: source.payload, advance: clock.advance, lines: context.lines };
};

payloadSourceContract('sftp', between);

describe('fetching over sftp', () => {
  it('says that another server is there, and sends nothing to it', async () => {
    const { source, lines } = await between(memoryPayloadStore(), { dmz: await keysOf('dmz-1') });
    expect(await failureOf(source('dmz-1', 'dmz-1.abc', 0))).toMatchObject({
      lasting: 'temporary',
      code: 'otherHostKey',
    });
    expect(lines.filter((line) => line.includes('session'))).toEqual([]);
  });

  it('is refused to a key that the link has not verified', async () => {
    const { source, lines } = await between(memoryPayloadStore(), { inner: await keysOf('inner-1') });
    expect(await failureOf(source('dmz-1', 'dmz-1.abc', 0))).toMatchObject({
      lasting: 'temporary',
      code: 'notAdmitted',
    });
    expect(lines.filter((line) => line.includes('session'))).toEqual([]);
  });
});
