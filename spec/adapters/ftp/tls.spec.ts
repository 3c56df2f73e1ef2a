/** TLS of the control connection and of data connections. */
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ftps } from '../../../adapters/ftp/index.ts';
import { fingerprintOf } from '../../../adapters/shared/certificates.ts';
import { writeCertificate } from '../../support/certificate.ts';
import { listenerContext } from '../../support/listener-context.ts';
import { memoryIntake } from '../../support/memory-intake.ts';
import { program } from '../../support/program.ts';
import { scratch } from '../../support/scratch.ts';
import { curl, data, dial, loggedIn, received, secureData, urlOf } from './clients.ts';
import { endpoint } from './endpoint.ts';

const explicit = { protocol: 'ftps' };
const implicit = { protocol: 'ftps', mode: 'implicit' };
const versions = ['TLSv1.2', 'TLSv1.3'] as const;

describe('an explicit endpoint', () => {
  it('takes no login before AUTH TLS, and no data before PROT P', async () => {
    const { memory, place } = await endpoint(explicit);
    const hand = await dial(place);
    for (const line of ['USER acme', 'PASS secret', 'PBSZ 0', 'PROT P'])
      expect(await hand.ask(line)).toMatch(/^530 .*AUTH TLS/);
    expect(await hand.ask('AUTH KERBEROS_V4')).toMatch(/^504/);
    expect(memory.attempts).toEqual([]);
    const features = await hand.ask('FEAT');
    for (const line of [' AUTH TLS', ' PBSZ', ' PROT']) expect(features.split('\r\n')).toContain(line);
    expect(await hand.ask('AUTH TLS')).toMatch(/^234/);
    await hand.encrypt();
    expect(await hand.ask('AUTH TLS')).toMatch(/^503/);
    await hand.ask('USER acme');
    expect(await hand.ask('PASS secret')).toMatch(/^230/);
    for (const line of ['STOR a', 'RETR a', 'LIST', 'NLST', 'MLSD']) {
      await hand.ask('EPSV');
      expect(await hand.ask(line)).toMatch(/^522 .*PROT P/);
    }
    expect(await hand.ask('PBSZ 0')).toMatch(/^200 PBSZ=0/);
    expect(await hand.ask('PROT C')).toMatch(/^534/);
    expect(await hand.ask('PROT E')).toMatch(/^536/);
    expect(await hand.ask('PROT P')).toMatch(/^200/);
    expect(await hand.ask('CCC')).toMatch(/^534/);
    memory.home('acme').putFile('/a', Buffer.from('content'));
    const socket = await secureData(hand);
    expect(await hand.ask('RETR a')).toMatch(/^150/);
    expect((await received(socket)).toString()).toBe('content');
    expect(await hand.reply()).toMatch(/^226/);
  });

  it.each(versions)('drops what was said in clear behind AUTH TLS: %s', async (version) => {
    const { memory, place } = await endpoint(explicit);
    const hand = await dial(place);
    hand.send('AUTH TLS\r\nUSER acme\r\nPASS secret\r\nNO');
    expect(await hand.reply()).toMatch(/^234/);
    await hand.encrypt({ minVersion: version, maxVersion: version });
    expect(await hand.ask('NOOP')).toMatch(/^200/);
    expect(await hand.ask('PASS secret')).toMatch(/^503/);
    expect(memory.attempts).toEqual([]);
  });

  it('ends a client that does not begin the handshake, or makes none', async () => {
    const { place, lines } = await endpoint({ ...explicit, loginTimeout: 200 });
    const silent = await dial(place);
    await silent.ask('AUTH TLS');
    await silent.ended;
    const loud = await dial(place);
    await loud.ask('AUTH TLS');
    loud.send('USER acme\r\nPASS secret\r\n');
    await loud.ended;
    expect(lines.join('\n')).toMatch(/ftps handshake failed .*"why":"ERR_SSL_/);
    expect(lines.join('\n')).not.toMatch(/secret/);
  });
});

describe('an implicit endpoint', () => {
  it('protects data without being asked, but is not talked out of it', async () => {
    const { place } = await endpoint(implicit);
    const hand = await dial(place, 'implicit');
    await hand.ask('USER acme');
    await hand.ask('PASS secret');
    expect(await hand.ask('PROT C')).toMatch(/^534/);
    const socket = await secureData(hand);
    await hand.ask('STOR a');
    socket.end('x');
    expect(await hand.reply()).toMatch(/^226/);
  });

  it('says nothing in clear, and bounds and counts those that make no handshake', async () => {
    const { place, lines } = await endpoint({ ...implicit, loginTimeout: 200, maxConnections: 2 });
    const open = () => connect(place.port, place.host).on('error', () => undefined);
    const heard: Buffer[] = [];
    const plain = open().on('data', (chunk: Buffer) => heard.push(chunk));
    plain.write('USER acme\r\n');
    await once(plain, 'close');
    expect(Buffer.concat(heard).toString()).not.toMatch(/220|331/);
    expect(lines.join('\n')).toMatch(/ftps handshake failed/);
    const silent = [open(), open()];
    await Promise.all(silent.map((each) => once(each, 'connect')));
    const third = open();
    await once(third, 'close');
    expect(silent.map((each) => each.closed)).toEqual([false, false]);
    await Promise.all(silent.map((each) => once(each, 'close')));
    await loggedIn(place, 'implicit');
  });
});

describe('the versions of TLS', () => {
  const client = (port: number, ...args: readonly string[]) =>
    program('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, '-cipher', 'DEFAULT@SECLEVEL=0', ...args], {
      input: 'QUIT\n',
    });

  it('are 1.2 and 1.3 unless 1.3 is demanded, and nothing older', async () => {
    const [both, newest] = [await endpoint(explicit), await endpoint({ ...implicit, minVersion: 1.3 })];
    for (const version of ['-tls1_2', '-tls1_3'])
      expect((await client(both.place.port, '-starttls', 'ftp', version)).text).toMatch(
        /New, TLSv1\.[23], Cipher is [^(]/,
      );
    expect((await client(newest.place.port, '-tls1_3')).text).toMatch(/New, TLSv1\.3/);
    for (const version of ['-tls1', '-tls1_1'])
      expect((await client(both.place.port, '-starttls', 'ftp', version)).text).toMatch(
        /protocol version|Cipher is \(NONE\)/,
      );
    expect((await client(newest.place.port, '-tls1_2')).text).toMatch(/alert protocol version/);
  });
});

describe('a data connection', () => {
  it.each(versions)(
    'may resume the session of the control connection, and must where that is demanded: %s',
    async (version) => {
      const { memory, place } = await endpoint({ ...explicit, sessionReuse: 'demand' });
      const only = { minVersion: version, maxVersion: version };
      const [hand, other] = [await loggedIn(place, 'explicit', only), await loggedIn(place, 'explicit', only)];
      const resumed = await secureData(hand, only);
      await hand.ask('STOR a');
      resumed.end('x');
      expect(await hand.reply()).toMatch(/^226/);
      // One of its own, or another connection's.
      for (const session of [undefined, (await secureData(other, only)).getSession?.()]) {
        const socket = await secureData(hand, { ...only, session });
        await hand.ask('STOR b');
        socket.write('x');
        expect(await hand.reply()).toMatch(/^522 .*resume/);
      }
      expect(memory.completed.map((each) => each.path)).toEqual(['/a']);
    },
  );

  it.each(['--tls-max 1.2', '--tlsv1.3'])('is resumed by curl %s', async (flags) => {
    const { memory, place } = await endpoint({ ...explicit, sessionReuse: 'demand' });
    const local = join(place.directory, 'a');
    writeCertificate(place.directory, 'a');
    const ran = await curl(place, [...flags.split(' '), '-T', `${local}.crt`, urlOf(place, 'a')], 'explicit');
    expect(ran).toEqual({ code: 0, text: '' });
    expect(memory.completed).toHaveLength(1);
  });

  it('is ended by ABOR, in an upload, in a download and in the handshake', async () => {
    const { memory, place } = await endpoint(explicit);
    memory.home('acme').putFile('/a', Buffer.alloc(20_000_000));
    const hand = await loggedIn(place, 'explicit');
    for (const [command, open] of [
      ['STOR b', secureData],
      ['RETR a', secureData],
      ['STOR c', data],
    ] as const) {
      const socket = await open(hand);
      expect(await hand.ask(command)).toMatch(/^150/);
      if (open === secureData && command === 'STOR b') socket.write('x');
      expect(await hand.ask('ABOR')).toMatch(/^426 .*aborted/);
      expect(await hand.reply()).toMatch(/^226/);
    }
    expect(await hand.ask('NOOP')).toMatch(/^200/);
    expect(memory.completed).toEqual([]);
  });

  it('is not waited for where the client makes no handshake on it', async () => {
    const { memory, place } = await endpoint({ ...explicit, loginTimeout: 300 });
    const hand = await loggedIn(place, 'explicit');
    for (const said of [undefined, 'this is no TLS']) {
      const plain = await data(hand);
      await hand.ask('STOR a');
      if (said !== undefined) plain.write(said);
      expect(await hand.reply()).toMatch(/^425 .*handshake/);
    }
    expect(memory.completed).toEqual([]);
  });
});

describe('the certificate', () => {
  it('is made once and kept, and its fingerprint is in the log', async () => {
    const directory = await scratch();
    const open = async () => {
      const context = listenerContext(memoryIntake([]).intake, directory);
      const opened = await ftps.listen({ protocol: 'ftps', host: '127.0.0.1', port: 0 }, context)();
      if (opened._tag === 'Left') throw new Error(opened.left.text);
      await opened.right.close(0);
      return /"certificate":"(sha256:[0-9a-f]{64})"/.exec(context.lines.join('\n'))?.[1];
    };
    const first = await open();
    expect(first).toBe(fingerprintOf(await readFile(join(directory, 'ftps.pem'), 'utf8')));
    expect(await open()).toBe(first);
  });

  it('is the one of the config, which must fit its key', async () => {
    const directory = await scratch();
    writeCertificate(directory, 'one');
    writeCertificate(directory, 'two');
    const [certificate, key] = [join(directory, 'one.crt'), join(directory, 'one.key')];
    const { place } = await endpoint({ ...implicit, certificate, key });
    const hand = await dial(place, 'implicit', {
      rejectUnauthorized: true,
      ca: await readFile(certificate),
      checkServerIdentity: () => undefined,
    });
    expect(await hand.ask('NOOP')).toMatch(/^200/);
    const context = listenerContext(memoryIntake([]).intake, directory);
    for (const wrong of [join(directory, 'two.key'), join(directory, 'gone.key'), certificate]) {
      const refused = await ftps.listen({ ...explicit, port: 0, certificate, key: wrong }, context)();
      expect(refused).toMatchObject({ left: { code: 'cannotListen', text: expect.stringContaining(wrong) as string } });
    }
  });
});

describe('a client certificate', () => {
  it('is a login without a password, where the channel lists it and the CA issued it', async () => {
    const directory = await scratch();
    for (const name of ['known', 'other', 'foreign']) writeCertificate(directory, name);
    const pem = async (name: string) => ({
      cert: await readFile(join(directory, `${name}.crt`)),
      key: await readFile(join(directory, `${name}.key`)),
    });
    const [known, other, foreign] = [await pem('known'), await pem('other'), await pem('foreign')];
    const clientCa = join(directory, 'ca.crt');
    await writeFile(clientCa, Buffer.concat([known.cert, other.cert]));
    const listed = [known, foreign].map(({ cert }) => fingerprintOf(cert.toString()));
    const { memory, place } = await endpoint({ ...explicit, clientCa }, listed);
    const first = await dial(place, 'explicit', known);
    expect(await first.ask('USER acme')).toMatch(/^232/);
    expect(await first.ask('PWD')).toMatch(/^257/);
    expect(await first.ask('USER nobody')).toMatch(/^331/);
    for (const options of [other, foreign, {}]) {
      const hand = await dial(place, 'explicit', options);
      expect(await hand.ask('USER acme')).toMatch(/^331/);
      expect(await hand.ask('PASS secret')).toMatch(/^230/);
    }
    expect(memory.attempts.map((each) => each.kind)).toEqual(['clientCertificate', 'password', 'password', 'password']);
    const local = join(directory, 'known');
    const withoutPassword = { ...place, password: '' };
    const ran = await curl(
      withoutPassword,
      ['-E', `${local}.crt`, '--key', `${local}.key`, '-T', clientCa, urlOf(place, 'a')],
      'explicit',
    );
    expect(ran).toEqual({ code: 0, text: '' });
    expect(memory.completed).toHaveLength(1);
  });
});

describe('plain FTP', () => {
  it('says where TLS is to be had', async () => {
    const { place } = await endpoint();
    const hand = await dial(place);
    for (const line of ['AUTH TLS', 'AUTH SSL', 'PBSZ 0', 'PROT P'])
      expect(await hand.ask(line)).toMatch(/^502 .*FTPS/);
    expect(await hand.ask('FEAT')).not.toMatch(/AUTH/);
  });
});
