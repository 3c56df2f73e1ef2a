import { isLeft } from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import type { ReplicatedChannel } from '../../domain/channel.ts';
import type { Session } from '../../domain/intake.ts';
import { decode } from '../../domain/transfer/codec.ts';
import { eventWords } from '../../domain/transfer/words.ts';
import { acme, allowed, memoryDmz } from '../support/memory-dmz.ts';
import { succeeded } from '../support/outcome.ts';

type Dmz = Awaited<ReturnType<typeof memoryDmz>>;

const rules = { recipients: ['orders@here.example'], senders: [], addresses: [], needsLogin: false };
const { login: _login, verifier: _verifier, ...nameless } = acme;
const mailed: ReplicatedChannel = { ...nameless, clientCertificates: [], name: 'mailed', mail: rules };
const strict: ReplicatedChannel = {
  ...acme,
  mail: { ...rules, recipients: ['*@acme.example'], senders: ['edi@acme.example'], needsLogin: true },
};

const attempt = (recipient: string, sender = 'edi@acme.example') => ({
  protocol: 'smtp',
  address: '192.0.2.7',
  login: sender,
  proof: { kind: 'recipient', recipient } as const,
});

const count = async ({ ports }: Dmz, type: string): Promise<number> =>
  (await succeeded(ports.eventLog.readAll({}))).filter((event) => event.type === type).length;

/** Delivers a mail that has a line of ours before it. */
const mail = async (session: Session, path: string, content: string, ours: string, asSent: string): Promise<void> => {
  const upload = await allowed(session.upload(path, { whole: true }));
  await allowed(upload.write(0, Buffer.from(`${ours}${content}`)));
  await allowed(upload.complete({ asSent }));
};

describe('mail at the door', () => {
  it('opens a session of the channel whose address it is for, of one without a login, too', async () => {
    const { intake, stop } = await memoryDmz({}, [strict, mailed]);
    const session = await allowed(intake.login(attempt('Orders@here.example')));
    expect([session.channel, session.login]).toEqual(['mailed', 'edi@acme.example']);
    expect(isLeft(await session.takesMail('edi@acme.example', 'orders@here.example')())).toBe(false);
    expect(await session.takesMail('edi@acme.example', 'x@acme.example')()).toMatchObject({
      left: { reason: 'notFound' },
    });
    await stop();
  });

  it('says the same whether the address, the sender or a login is missing, and locks nobody out for it', async () => {
    const { intake, stop } = await memoryDmz({}, [strict, mailed]);
    const refusals = new Set<string>();
    for (let i = 0; i < 100; i += 1)
      for (const each of [attempt('nobody@here.example'), attempt('x@acme.example'), attempt('no address')]) {
        const answer = await intake.login(each)();
        refusals.add(isLeft(answer) ? answer.left.text : 'taken');
      }
    expect([...refusals]).toEqual(['no such mailbox here for you; log in first if you have a login']);
    await allowed(intake.login(attempt('orders@here.example')));
    await stop();
  });

  it('is taken from who has logged in where that is needed, and from its senders only', async () => {
    const { login, stop } = await memoryDmz({}, [strict, mailed]);
    const session = await login();
    expect(isLeft(await session.takesMail('edi@acme.example', 'x@acme.example')())).toBe(false);
    expect(isLeft(await session.takesMail('other@acme.example', 'x@acme.example')())).toBe(true);
    await stop();
  });

  it('is not let in by a password where the channel has no login', async () => {
    const { intake, stop } = await memoryDmz({}, [mailed]);
    for (const login of ['', 'mailed', 'undefined', 'null'])
      expect(
        await intake.login({ ...attempt('x'), login, proof: { kind: 'password', password: 'open sesame' } })(),
      ).toMatchObject({ left: { reason: 'badCredentials' } });
    await stop();
  });
});

describe('what comes whole', () => {
  it('is a transfer once complete, though its name is that of an unfinished file', async () => {
    const dmz = await memoryDmz({}, [{ ...mailed, completeOn: 'rename', temporaryNames: ['*.eml'] }]);
    const session = await allowed(dmz.intake.login(attempt('orders@here.example')));
    await mail(session, '/a.eml', 'content', 'ours', 'hash');
    expect([await count(dmz, 'received'), await count(dmz, 'uploadCompleted')]).toEqual([1, 0]);
    await dmz.stop();
  });

  it('has in its record what was found of it, where its channel wants that of who has not logged in', async () => {
    const policy = { spf: 'require', dkim: 'record' } as const;
    const open = { ...rules, policy };
    const dmz = await memoryDmz({}, [
      { ...mailed, mail: open },
      { ...acme, mail: { ...open, recipients: ['*@acme.example'] } },
    ]);
    const session = await allowed(dmz.intake.login(attempt('orders@here.example')));
    expect(await allowed(session.takesMail('edi@acme.example', 'orders@here.example'))).toEqual(policy);
    const known = await dmz.login();
    expect(await allowed(known.takesMail('edi@acme.example', 'x@acme.example'))).toEqual({ spf: 'off', dkim: 'off' });
    const upload = await allowed(session.upload('/a.eml', { whole: true }));
    await allowed(upload.write(0, Buffer.from('content')));
    const found = { spf: { result: 'pass', domain: 'acme.example' } } as const;
    await allowed(upload.complete({ asSent: 'hash', mail: found }));
    const all = await succeeded(dmz.ports.eventLog.readAll({}));
    const received = all.map(decode).find((event) => event?.type === 'received');
    expect(received?.data).toMatchObject({ mail: found });
    expect(received === undefined ? '' : eventWords(received)).toMatch(/ by smtp from .* spf pass \(acme\.example\)$/);
    await dmz.stop();
  });

  it('leaves nothing where it was cut off, however large', async () => {
    const dmz = await memoryDmz({}, [{ ...mailed, maxSize: 8 * 1024 ** 2 }]);
    const session = await allowed(dmz.intake.login(attempt('orders@here.example')));
    const upload = await allowed(session.upload('/a.eml', { whole: true }));
    await allowed(upload.write(0, Buffer.alloc(4 * 1024 ** 2)));
    await session.close();
    expect(await count(dmz, 'uploadOpened')).toBe(0);
    const kept: string[] = [];
    for await (const each of dmz.ports.payloads.list('dmz-1')) kept.push(each.key);
    expect(kept).toEqual([]);
    await dmz.stop();
  });

  it('is known again by what was sent, though a line of ours before it is another', async () => {
    const dmz = await memoryDmz({}, [mailed]);
    for (const ours of ['first ', 'second ']) {
      const session = await allowed(dmz.intake.login(attempt('orders@here.example')));
      await mail(session, '/a.eml', 'content', ours, 'a'.repeat(64));
      await session.close();
    }
    expect([await count(dmz, 'received'), await count(dmz, 'repeated')]).toEqual([1, 1]);
    const session = await allowed(dmz.intake.login(attempt('orders@here.example')));
    await mail(session, '/a.eml', 'other content', 'first ', 'b'.repeat(64));
    expect([await count(dmz, 'received'), await count(dmz, 'repeated')]).toEqual([2, 1]);
    await dmz.stop();
  });
});
