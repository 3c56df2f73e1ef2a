import { connect as netConnect, type Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { messageService } from '../../../adapters/messages/index.ts';
import type { Messages } from '../../../domain/message.ts';
import { handlers, linked, must } from '../../support/message-pair.ts';
import { clockOf, type Keys, keysOf, logOf, realOptions } from './world.ts';

const threeYears = 3 * 365 * 86_400_000;
const past = { ...clockOf(), now: () => Date.now() - threeYears };
const nodes = [
  { role: 'inner', node: 'inner1', hosts: [] },
  { role: 'dmz', node: 'dmz1', hosts: [] },
  { role: 'dmz', node: 'dmz2', hosts: [] },
  { role: 'inner', node: 'inner2', hosts: [] },
] as const;
const keys = await keysOf(nodes);
const foreign = await keysOf(nodes);
const expired = await keysOf(nodes, past);

const gone = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    socket.on('error', () => undefined);
    socket.on('close', () => resolve());
    socket.resume();
  });

describe('the listening port of the message service', () => {
  let dmz: Messages;
  let port: number;
  let dispose: () => Promise<void>;
  const { log, lines, warned } = logOf();

  const open = async (own: Parameters<typeof realOptions>[2] = {}, trust: (node: string) => Keys = keys) => {
    const options = await realOptions('pushback', trust, { log, ...own });
    dmz = messageService(options.dmz);
    must(await dmz.start(handlers())());
    port = options.dmz.port;
    dispose = async () => {
      await Promise.all([dmz.close(), options.toDmz.close(), options.toInner.close()]);
    };
    return options;
  };
  beforeEach(() => lines.splice(0));
  afterEach(() => dispose());

  const knock = async (own: Partial<Keys>, extra: object = {}) => {
    const { ca, certificate, key } = own;
    const socket = tlsConnect({
      port,
      host: '127.0.0.1',
      ALPNProtocols: ['h2'],
      rejectUnauthorized: false,
      ...(ca === undefined ? {} : { ca }),
      ...(certificate === undefined ? {} : { cert: certificate }),
      ...(key === undefined ? {} : { key }),
      ...extra,
    });
    await gone(socket);
  };
  const onlyLine = async (why: RegExp) => {
    await warned(why);
    expect(lines).toHaveLength(1);
    expect(lines[0]?.message).toMatch(/^message service: refused 127\.0\.0\.1:\d+: /);
    expect(dmz.links()[0]?.up).toBe(false);
  };

  it('refuses who shows no certificate', async () => {
    await open();
    await knock({});
    await onlyLine(/it shows no certificate/);
  });

  it("refuses a certificate of another's CA", async () => {
    await open();
    await knock(foreign('inner1'));
    await onlyLine(/not from our private CA/);
  });

  it('refuses an expired certificate', async () => {
    await open({}, expired);
    await knock(expired('inner1'));
    await onlyLine(/has expired/);
  });

  it('refuses a dmz server that plays inner', async () => {
    await open();
    await knock(keys('dmz2'));
    await onlyLine(/is for role dmz, and only inner may be here/);
  });

  it('refuses a node that is not configured', async () => {
    await open();
    await knock(keys('inner2'));
    await onlyLine(/node "inner2" is not in messageService\.peers/);
  });

  it('refuses another certificate of a configured node', async () => {
    const options = await open();
    await dmz.close();
    const renewed = { ...options.dmz.peers[0], fingerprint: `sha256:${'0'.repeat(64)}`, node: 'inner1', port: 1 };
    dmz = messageService({ ...options.dmz, peers: [renewed] });
    must(await dmz.start(handlers())());
    await knock(keys('inner1'));
    await onlyLine(/its certificate sha256:[0-9a-f]{64} is not the one that messageService\.peers has for "inner1"/);
  });

  it('refuses plain HTTP', async () => {
    await open();
    const socket = netConnect(port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await gone(socket);
    await onlyLine(/it speaks plain HTTP instead of TLS/);
  });

  it('refuses bytes that are no TLS', async () => {
    await open();
    const socket = netConnect(port, '127.0.0.1');
    socket.write(Buffer.alloc(64, 0x41));
    await gone(socket);
    await onlyLine(/TLS/);
  });

  it('refuses TLS 1.2', async () => {
    await open();
    await knock(keys('inner1'), { maxVersion: 'TLSv1.2' });
    await onlyLine(/it does not speak TLS 1\.3/);
  });

  it('refuses a protocol that it does not speak, and none at all', async () => {
    await open();
    await knock(keys('inner1'), { ALPNProtocols: ['http/1.1'] });
    await onlyLine(/it asks for a protocol that is not spoken here/);
    lines.splice(0);
    await knock(keys('inner1'), { ALPNProtocols: undefined });
    await onlyLine(/it asks for no protocol that is spoken here/);
  });

  it('refuses who never begins a handshake, and who never says hello', async () => {
    await open({ clock: clockOf(20) });
    await gone(netConnect(port, '127.0.0.1'));
    await onlyLine(/no TLS handshake within 10 s/);
    lines.splice(0);
    await knock(keys('inner1'));
    await onlyLine(/no hello within 10 s/);
  });

  it('bounds the connections that wait for their handshake, and lets peers in again afterwards', async () => {
    const options = await open();
    const flood = Array.from({ length: 80 }, () => netConnect(port, '127.0.0.1'));
    const ends = flood.map(gone);
    await warned(/64 connections wait for their handshake/);
    await Promise.race(ends);
    for (const socket of flood) socket.destroy();
    await Promise.all(ends);
    const inner = messageService({ ...options.inner, log: logOf().log });
    must(await inner.start(handlers())());
    await linked(inner, true);
    await inner.close();
  });

  it('lets the right peer in after all of them', async () => {
    const options = await open();
    await knock({});
    await knock(foreign('inner1'));
    const inner = messageService({ ...options.inner, log: logOf().log });
    must(await inner.start(handlers())());
    await Promise.all([linked(inner, true), linked(dmz, true)]);
    await inner.close();
  });
});

describe('the dialling side of the message service', () => {
  const dialled = async (theirs: (node: string) => Keys, change: (own: Keys) => Keys = (own) => own) => {
    const { log, lines, warned } = logOf();
    const options = await realOptions('pushback', keys, { log: logOf().log });
    const dmz = messageService({ ...options.dmz, ...theirs('dmz1') });
    const inner = messageService({ ...options.inner, ...change(keys('inner1')), log, clock: clockOf(10) });
    must(await dmz.start(handlers())());
    must(await inner.start(handlers())());
    const line = await warned(/no link to dmz1/);
    // further tries say nothing new
    const seen = options.toDmz.made();
    while (options.toDmz.made() < seen + 3) await new Promise((resolve) => setImmediate(resolve));
    await Promise.all([inner.close(), dmz.close(), options.toDmz.close(), options.toInner.close()]);
    return { line, lines };
  };

  it('refuses a server with a certificate of another CA, in one line however often it tries', async () => {
    const { line, lines } = await dialled(foreign);
    expect(line.message).toMatch(/dmz1 at 127\.0\.0\.1:\d+: its certificate is not from our private CA/);
    expect(lines.filter((each) => each.level === 'warn')).toHaveLength(1);
  });

  it('refuses a server that shows the certificate of another node', async () => {
    const { line } = await dialled(() => keys('dmz2'));
    expect(line.message).toMatch(/node "dmz2" is not in messageService\.peers/);
  });

  it('refuses a server that shows the certificate of an inner', async () => {
    const { line } = await dialled(() => keys('inner2'));
    expect(line.message).toMatch(/is for role inner, and only dmz may be here/);
  });
});
