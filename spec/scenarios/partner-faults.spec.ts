/** What goes wrong at a partner's server: the right event, a retry or a person's decision, and the file there exactly once. */
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { isRight } from 'fp-ts/lib/Either.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventsOf, inboxOf, pairTo, sendingOf } from '../support/partner-faults.ts';
import { startProftpd, startSshd, startVsftpd } from '../support/partner-servers.ts';
import { partnerKinds, type RunningPartner, startPartner } from '../support/partner-world.ts';
import { linked } from '../support/servers.ts';
import { mountSmallDisk, type SmallDisk } from '../support/small-disk.ts';
import { expectOneStory, idle } from '../support/stories.ts';
import { type Wire, wireTo } from '../support/wire.ts';

const bytes = randomBytes(2 * 1024 * 1024);
const [wrongKey, mended] = [`SHA256:${'A'.repeat(43)}`, 'the partner has mended it'];

describe('sending via dmz', () => {
  let world: Awaited<ReturnType<typeof pairTo>>;
  let small: SmallDisk;
  const partners = new Map<string, RunningPartner>();
  const wires = new Map<string, Wire>();
  const found = <A>(map: ReadonlyMap<string, A>, name: string): A => {
    const value = map.get(name);
    if (value === undefined) throw new Error(`there is no ${name}`);
    return value;
  };
  const partner = (name: string) => found(partners, name);
  const wire = (name: string) => found(wires, name);
  const kind = (protocol: string) => found(new Map(partnerKinds.map((each) => [each.name, each])), protocol);

  beforeAll(async () => {
    const open = async (name: string, protocol: string, start: RunningPartner['start']) => {
      const running = await startPartner({ ...kind(protocol), name, start });
      partners.set(name, running);
      return running;
    };
    const ftp = await open('ftp', 'ftp', () => startVsftpd());
    const sftp = await open('sftp', 'sftp', startSshd);
    const full = await open('full', 'sftp', startSshd);
    const stranger = await open('stranger', 'sftp', startSshd);
    const expired = await open('expired', 'ftps-explicit', () => startProftpd({ tls: 'explicit', expired: true }));
    for (const each of [ftp, sftp]) wires.set(each.name, await wireTo(each.server.port));
    const over = (name: string) => ({ hosts: [`127.0.0.1:${wire(name).port}`] });
    small = await mountSmallDisk(full.at('in'), 4);
    await full.server.own(full.at('in'));
    world = await pairTo([
      { partner: ftp, more: over('ftp') },
      { partner: sftp, more: over('sftp') },
      { partner: full },
      { partner: stranger, more: { trusted: [wrongKey] } },
      { partner: expired },
    ]);
  }, 120_000);

  afterAll(async () => {
    await small.unmount();
    await world.end();
    for (const each of wires.values()) await each.close();
  });

  /** Delivers a file while its partner is broken in this way; answers what the dmz has on record once it is sent. */
  const through = async (name: string, file: string): Promise<readonly string[]> => {
    const { pair, deliver } = world;
    await deliver(file, bytes);
    const inbox = await inboxOf(pair, partner(name), file);
    expect(inbox.filter((each) => each.includes('part'))).toEqual([]);
    expect(inbox.filter((each) => each === file)).toEqual([file]);
    expect((await readFile(partner(name).at(`in/${file}`))).equals(bytes)).toBe(true);
    const { id } = await sendingOf(pair.dmz, file, 'sent', (row) => row.ended);
    return (await eventsOf(pair.dmz, id)).map(({ type, data }) =>
      type === 'stepFailed' ? `${type} ${data.code} ${data.lasting}` : type,
    );
  };

  it('tries again by itself where the connection is cut in the middle', async () => {
    wire('sftp').cutAfter(1024 * 1024);
    const events = await through('sftp', 'to-sftp-middle');
    expect(wire('sftp').cuts()).toBe(1);
    expect(events).toContainEqual(expect.stringMatching(/^stepFailed \w+ temporary$/));
    expect(events.slice(-3)).toEqual(['placed', 'sent', 'acknowledged']);
  });

  it('tries again by itself where the partner dies after the last byte and before its answer', async () => {
    wire('ftp').cutAt('226 ');
    const events = await through('ftp', 'to-ftp-last-byte');
    expect(wire('ftp').cuts()).toBe(1);
    expect(events).toContain('stepFailed outcomeUnknown temporary');
    expect(events.slice(-3)).toEqual(['placed', 'sent', 'acknowledged']);
  });

  it('finds its file where the partner dies after the renaming and before its answer', async () => {
    const before = wire('ftp').cuts();
    wire('ftp').cutAt('Rename successful');
    const events = await through('ftp', 'to-ftp-rename');
    expect(wire('ftp').cuts()).toBe(before + 1);
    expect(events.slice(-4)).toEqual(['placed', 'stepFailed outcomeUnknown temporary', 'sent', 'acknowledged']);
  });

  it('goes on by itself once the full disk of a partner has room', async () => {
    await small.fill(1024 * 1024);
    await world.deliver('to-full-disk', bytes);
    const failed = await sendingOf(world.pair.dmz, 'to-full-disk', 'failing', (row) => row.reason !== null);
    expect(failed.state).toBe('staged');
    await small.makeRoom();
    expect(await inboxOf(world.pair, partner('full'), 'to-full-disk')).toEqual(['to-full-disk']);
    expect((await readFile(partner('full').at('in/to-full-disk'))).equals(bytes)).toBe(true);
  });

  it('holds a file for a partner that shows another host key, and sends it when a person retries', async () => {
    const { pair, deliver } = world;
    await deliver('to-stranger-1', bytes);
    const held = await sendingOf(pair.inner, 'to-stranger-1', 'held', (row) => row.state === 'held');
    expect(held.reason).toContain(partner('stranger').server.trusted[0]);
    expect(held.reason).toMatch(/host key/);
    const config = await readFile(pair.inner.config, 'utf8');
    await writeFile(pair.inner.config, config.replace(wrongKey, partner('stranger').server.trusted[0] ?? ''));
    await pair.inner.stop();
    await pair.inner.start();
    await linked(pair);
    expect(isRight(await pair.inner.control.order(held.id, 'retry', mended, 'operator')())).toBe(true);
    expect(await inboxOf(pair, partner('stranger'), 'to-stranger-1')).toEqual(['to-stranger-1']);
  });

  it('holds a file for a partner whose certificate has expired, and says since when', async () => {
    const { pair, deliver } = world;
    await deliver('to-expired-1', bytes);
    const held = await sendingOf(pair.inner, 'to-expired-1', 'held', (row) => row.state === 'held');
    expect(held.reason).toMatch(/expired on \d{4}-\d\d-\d\d; the partner must renew it/);
    const events = (await eventsOf(pair.dmz, held.id)).map((event) => event.type);
    expect(events.slice(-2)).toEqual(['stepFailed', 'held']);
    expect(isRight(await pair.inner.control.order(held.id, 'abandon', 'sent by mail', 'operator')())).toBe(true);
  });

  it('leaves one story in both logs', async () => {
    await idle(world.pair);
    expect(await expectOneStory(world.pair)).toBe(12);
  });
});
