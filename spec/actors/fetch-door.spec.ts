import { isLeft, isRight } from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { openFetchDoor } from '../../actors/fetch-door.ts';
import type { Answer, Proof, Session } from '../../domain/intake.ts';
import type { Log } from '../../domain/ports.ts';
import { manualClock } from '../support/manual-clock.ts';
import { memoryPayloadStore } from '../support/memory-payload-store.ts';
import { succeeded } from '../support/outcome.ts';

const inner = { role: 'inner', node: 'inner-1' } as const;
const silent = (): undefined => undefined;
const log: Log = { debug: silent, info: silent, warn: silent, error: silent, alarm: silent };

const opened = async () => {
  const payloads = memoryPayloadStore();
  for (const key of ['dmz-1.one', 'dmz-1.two', 'dmz-2.one']) {
    const writer = await succeeded(payloads.write(key));
    await succeeded(writer.write(0, Buffer.from(key)));
    await succeeded(writer.commit());
  }
  const clock = manualClock();
  let count = 0;
  const door = openFetchDoor({
    payloads,
    node: 'dmz-1',
    peers: ['inner-1'],
    keyOf: (peer) => (peer === 'inner-1' ? 'its key' : undefined),
    secret: () => `secret ${count++}`,
    clock,
    log,
  });
  const ticket = async (key: string): Promise<string> => {
    const given = await door.ticket(inner, key);
    return isRight(given) ? given.right : given.left.reason;
  };
  const login = async (protocol: string, name: string, proof: Proof): Promise<Session | string> => {
    const admitted = await door.intake.login({ protocol, address: '192.0.2.1', login: name, proof })();
    return isLeft(admitted) ? admitted.left.reason : admitted.right;
  };
  const withKey = (blob = 'its key', name = 'inner-1', signed = true) =>
    login('sftp', name, { kind: 'publicKey', algorithm: 'ecdsa-sha2-nistp256', blob, fingerprint: '', signed });
  const withTicket = (password: string, name = 'inner-1', protocol = 'ftp') =>
    login(protocol, name, { kind: 'password', password });
  return { clock, ticket, withKey, withTicket };
};

const session = (admitted: Session | string): Session => {
  if (typeof admitted === 'string') throw new Error(`not admitted: ${admitted}`);
  return admitted;
};
const outcome = async (answer: Answer<unknown>): Promise<string> => {
  const answered = await answer();
  return isLeft(answered) ? answered.left.reason : 'done';
};

describe('the door for inner', () => {
  it('lets in the key of the link alone, and only its holder', async () => {
    const { withKey } = await opened();
    expect(await withKey('another key')).toBe('badCredentials');
    expect(await withKey('its key', 'inner-2')).toBe('badCredentials');
    expect(await withKey('its key', 'inner-1', false)).toBe('badCredentials');
    expect(session(await withKey()).login).toBe('inner-1');
  });

  it('shows the payloads of its own node by their keys, and lists none', async () => {
    const { withKey } = await opened();
    const door = session(await withKey());
    expect(await door.list('/')()).toMatchObject({ right: [] });
    expect(await door.stat('/dmz-1.one')()).toMatchObject({ right: { kind: 'file', size: 9 } });
    const read = await door.download('/dmz-1.one')();
    expect(isRight(read) && (await read.right.read(2, 100)())).toMatchObject({ right: Buffer.from('z-1.one') });
    for (const path of ['/dmz-2.one', '/dmz-1.none', '/../transfer', '/dmz-1.one/x'])
      expect(await outcome(door.download(path)), path).toBe('notFound');
  });

  it('lets nobody write', async () => {
    const { withKey } = await opened();
    const door = session(await withKey());
    for (const answer of [
      door.upload('/dmz-1.new'),
      door.upload('/dmz-1.one', { resume: true }),
      door.remove('/dmz-1.one'),
      door.rename('/dmz-1.one', '/dmz-1.new'),
      door.makeDirectory('/new'),
      door.removeDirectory('/'),
      door.setModified('/dmz-1.one', 0),
    ])
      expect(await outcome(answer)).toBe('notPermitted');
  });

  it('takes a ticket once, within a minute, over FTP, from the peer that got it', async () => {
    const { clock, ticket, withTicket } = await opened();
    const first = await ticket('dmz-1.one');
    expect(await withTicket('')).toBe('badCredentials');
    expect(await withTicket(first, 'inner-2')).toBe('badCredentials');
    expect(await withTicket(first, 'inner-1', 'sftp')).toBe('badCredentials');
    expect(session(await withTicket(first)).login).toBe('inner-1');
    expect(await withTicket(first)).toBe('badCredentials');
    const late = await ticket('dmz-1.one');
    clock.advance(60_001);
    expect(await withTicket(late)).toBe('badCredentials');
  });

  it('shows by a ticket the one payload that it was given for', async () => {
    const { ticket, withTicket } = await opened();
    const door = session(await withTicket(await ticket('dmz-1.one')));
    expect(await outcome(door.download('/dmz-1.one'))).toBe('done');
    expect(await outcome(door.download('/dmz-1.two'))).toBe('notFound');
  });

  it('holds so many tickets and sessions and no more, until they are used or over', async () => {
    const { clock, ticket, withKey } = await opened();
    const tickets = await Promise.all(Array.from({ length: 1001 }, () => ticket('dmz-1.one')));
    expect(tickets.filter((each) => each === 'busy')).toHaveLength(1);
    clock.advance(60_001);
    expect(await ticket('dmz-1.one')).toMatch(/^secret/);
    const sessions = await Promise.all(Array.from({ length: 65 }, () => withKey()));
    expect(sessions.filter((each) => each === 'tooManySessions')).toHaveLength(1);
    await session(sessions[0] ?? '').close();
    expect(session(await withKey()).channel).toBe('transfer');
  });
});
