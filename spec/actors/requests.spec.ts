import { isRight } from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import type { Session } from '../../domain/intake.ts';
import { transferStream } from '../../domain/transfer/event-id.ts';
import { allowed, memoryDmz, put } from '../support/memory-dmz.ts';
import { succeeded } from '../support/outcome.ts';

type Dmz = Awaited<ReturnType<typeof memoryDmz>>;

const count = async ({ ports }: Dmz, type: string): Promise<number> =>
  (await succeeded(ports.eventLog.readAll({}))).filter((event) => event.type === type).length;

const keys = async ({ ports }: Dmz): Promise<number> => {
  let found = 0;
  for await (const _ of ports.payloads.list('dmz-1')) found += 1;
  return found;
};

const begin = async (session: Session, key: string, content: string, path = '/a.xml') => {
  const upload = await allowed(session.upload(path, { requestKey: key }));
  await allowed(upload.write(0, Buffer.from(content)));
  return upload;
};

const deliver = async (session: Session, key: string, content: string, path?: string) =>
  (await begin(session, key, content, path)).complete()();

const restarted = async (dmz: Dmz): Promise<Dmz> => {
  await dmz.stop();
  const { eventLog, models, payloads, clock, ids } = dmz.ports;
  return memoryDmz({ eventLog, models, payloads, clock, ids });
};

describe('a request that the partner has given a key', () => {
  it('is one transfer however often it is made, also after a restart, and keeps one payload', async () => {
    const before = await memoryDmz();
    const first = await deliver(await before.login(), 'k1', 'content');
    const dmz = await restarted(before);
    const second = await deliver(await dmz.login(), 'k1', 'content');
    expect(isRight(first)).toBe(true);
    expect(second).toEqual(first);
    expect([await count(dmz, 'received'), await keys(dmz)]).toEqual([1, 1]);
    await dmz.stop();
  });

  it('is another transfer with another key, though path and content are the same and no OK was heard', async () => {
    const dmz = await memoryDmz();
    for (const key of ['k1', 'k2']) {
      const session = await dmz.login();
      await deliver(session, key, 'content');
      await session.close();
    }
    expect([await count(dmz, 'received'), await count(dmz, 'repeated')]).toEqual([2, 0]);
    await dmz.stop();
  });

  it('is refused for another file, of which nothing is kept', async () => {
    const dmz = await memoryDmz();
    const session = await dmz.login();
    await deliver(session, 'k1', 'content');
    const illegal = { left: { reason: 'illegal' } };
    expect(await deliver(session, 'k1', 'other')).toMatchObject(illegal);
    expect(await deliver(session, 'k1', 'content', '/b.xml')).toMatchObject(illegal);
    expect([await count(dmz, 'received'), await keys(dmz)]).toEqual([1, 1]);
    await dmz.stop();
  });

  it('is refused while it still runs, and can be made again once that was given up', async () => {
    const dmz = await memoryDmz();
    const [one, other] = [await dmz.login(), await dmz.login()];
    const upload = await begin(one, 'k1', 'con');
    expect(await other.upload('/a.xml', { requestKey: 'k1' })()).toMatchObject({ left: { reason: 'busy' } });
    await upload.abandon();
    expect(isRight(await deliver(other, 'k1', 'content'))).toBe(true);
    const cut = await begin(one, 'k2', 'con');
    expect(cut.size).toBe(3);
    await one.close();
    expect(isRight(await deliver(other, 'k2', 'content', '/b.xml'))).toBe(true);
    expect([await count(dmz, 'received'), await keys(dmz)]).toEqual([2, 2]);
    await dmz.stop();
  });

  it('has no use for it where the file waits for another name', async () => {
    const dmz = await memoryDmz();
    const session = await dmz.login();
    for (const content of ['one', 'two'])
      expect(await deliver(session, 'k1', content, '/a.tmp')).toMatchObject({ right: { transfer: undefined } });
    expect(await count(dmz, 'received')).toBe(0);
    await dmz.stop();
  });
});

describe('how a transfer stands', () => {
  it('is told to the partner that began it', async () => {
    const dmz = await memoryDmz();
    const session = await dmz.login();
    const upload = await begin(session, 'k1', 'content');
    const { transfer = '' } = await allowed(upload.complete());
    expect(await allowed(session.standing(transfer))).toMatchObject({
      ...{ transfer, name: 'a.xml', size: 7, state: 'received', ended: false },
      sha256: 'ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73',
    });
    await dmz.stop();
  });

  it('is told of nothing else', async () => {
    const dmz = await memoryDmz();
    const session = await dmz.login();
    for (const id of ['', 'x', '../etc', '0'.repeat(26)])
      expect(await session.standing(id)()).toMatchObject({ left: { reason: 'notFound' } });
    await dmz.stop();
  });

  it('is no more to be found, by anybody, once its events are purged; its key makes no second transfer', async () => {
    const before = await memoryDmz();
    const first = await before.login();
    const done = await deliver(first, 'k1', 'content');
    await first.close({ orderly: true });
    const transfer = isRight(done) ? (done.right.transfer ?? '') : '';
    await succeeded(before.ports.eventLog.setRetention(transferStream(transfer), { keepFrom: 1n }));
    const dmz = await restarted(before);
    const session = await dmz.login();
    expect(await session.standing(transfer)()).toMatchObject({ left: { reason: 'notFound' } });
    expect(await session.upload('/a.xml', { requestKey: 'k1' })()).toMatchObject({ left: { reason: 'notPermitted' } });
    expect([await count(dmz, 'received'), await count(dmz, 'confirmed')]).toEqual([1, 1]);
    await dmz.stop();
  });

  it('is waited for no longer than the partner is patient', async () => {
    const dmz = await memoryDmz();
    const session = await dmz.login();
    await put(session, '/a.xml', 'content');
    const upload = await begin(session, 'k1', 'content', '/b.xml');
    const { transfer = '' } = await allowed(upload.complete());
    const patience = new AbortController();
    let told = false;
    const waiting = allowed(session.standing(transfer, patience.signal)).then((standing) => {
      told = true;
      return standing;
    });
    await allowed(session.stat('/b.xml'));
    expect(told).toBe(false);
    patience.abort();
    expect(await waiting).toMatchObject({ ended: false });
    await dmz.stop();
  });
});

describe('a channel that is named', () => {
  it('lets in by its password as its login does, and tells whose session it is', async () => {
    const { intake, stop } = await memoryDmz();
    const attempt = { protocol: 'http', address: '192.0.2.7', login: 'acme', named: 'channel' } as const;
    const session = await intake.login({ ...attempt, proof: { kind: 'password', password: 'open sesame' } })();
    expect(session).toMatchObject({ right: { channel: 'acme', login: 'acme' } });
    const wrong = { ...attempt, login: 'nobody', proof: { kind: 'password', password: 'open sesame' } } as const;
    expect(await intake.login(wrong)()).toMatchObject({ left: { reason: 'badCredentials' } });
    await stop();
  });
});
