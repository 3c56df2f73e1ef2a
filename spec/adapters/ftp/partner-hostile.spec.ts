/** FTP servers that do little, or wrong, or mean it badly. */
import { expect, it } from 'vitest';
import { ftpPartner } from '../../../adapters/ftp/client.ts';
import { fakeFtpServer, type Script } from '../../support/fake-ftp-server.ts';
import { bytesOf, failureOf, inPieces, succeeded } from '../../support/outcome.ts';
import { contextWith } from '../../support/real-partner.ts';

const at = (port: number) =>
  ftpPartner.connect(
    { protocol: 'ftp' },
    { channel: 'acme', host: '127.0.0.1', port, login: 'acme', credentials: { password: 'secret' }, trusted: [] },
    contextWith(),
  );
const sessionAt = async (script: Script) => {
  const server = await fakeFtpServer(script);
  return { ...server, session: await succeeded(at(server.port)) };
};
const unix = (name: string): string => `-rw-r--r-- 1 a b 5 Nov 22 19:13 ${name}\r\n`;

it('a server that knows PASV alone, and names an address behind NAT, is reached where its commands are', async () => {
  const { session, commands } = await sessionAt({
    answers: { SIZE: '213 5' },
    address: '10,0,0,1',
    data: (socket) => socket.end('hello'),
  });
  for (let i = 0; i < 2; i += 1)
    expect(String(await bytesOf(await succeeded(session.read('/a.xml', 0))))).toBe('hello');
  expect(commands.filter((each) => /^(EPSV|PASV)/.test(each))).toEqual(['EPSV', 'PASV', 'PASV']);
});

it('a download that is shorter or longer than its size is a cut', async () => {
  for (const data of ['hell', 'hello!']) {
    const { session } = await sessionAt({ answers: { SIZE: '213 5' }, data: (socket) => socket.end(data) });
    await expect(bytesOf(await succeeded(session.read('/a.xml', 0)))).rejects.toMatchObject({
      cause: { lasting: 'temporary', code: 'linkBroken' },
    });
  }
});

it('an upload of which the server has another size than was sent has failed', async () => {
  const { session } = await sessionAt({ answers: { SIZE: '213 4' } });
  expect(await failureOf(session.write('/a.xml', inPieces(Buffer.from('hello'))))).toMatchObject({ code: 'otherSize' });
});

it('an upload that the server does not want is its refusal, and the session goes on', async () => {
  const { session } = await sessionAt({ answers: { STOR: '553 not here', SIZE: '550 none' } });
  const failure = await failureOf(session.write('/a.xml', inPieces(Buffer.alloc(5_000_000))));
  expect(failure).toMatchObject({ lasting: 'permanent', code: 'notPermitted' });
  expect(failure.text).toContain('553 not here');
  expect(await succeeded(session.look('/a.xml'))).toBeUndefined();
});

it('a server without MLSD and MDTM is listed without times', async () => {
  const { session } = await sessionAt({ answers: {}, data: (socket) => socket.end(unix('b.xml') + unix('a.xml')) });
  expect(await succeeded(session.list('/in'))).toEqual({
    files: [
      { path: '/in/a.xml', name: 'a.xml', size: 5, modified: undefined },
      { path: '/in/b.xml', name: 'b.xml', size: 5, modified: undefined },
    ],
    skipped: 0,
  });
});

it('names that lead elsewhere, and lines without end, are skipped and counted', async () => {
  const names = ['a.xml', '../../etc/passwd', '/etc/passwd', 'b\u001b[2J.xml', 'x'.repeat(5000)];
  const { session } = await sessionAt({ answers: {}, data: (socket) => socket.end(names.map(unix).join('')) });
  const { files, skipped } = await succeeded(session.list('/in'));
  expect([files.map((each) => each.name), skipped]).toEqual([['a.xml'], 4]);
});

it('a directory of more files or bytes than can be held is not listed', async () => {
  const many = await sessionAt({ answers: {}, data: (socket) => socket.end(unix('a').repeat(100_001)) });
  expect(await failureOf(many.session.list('/in'))).toMatchObject({ lasting: 'permanent', code: 'tooMany' });
  const endless = (socket: { write: (bytes: Buffer, done: (error?: Error | null) => void) => boolean }): void => {
    socket.write(Buffer.alloc(1_000_000, 'x'), (error) => (error == null ? endless(socket) : undefined));
  };
  const { session } = await sessionAt({ answers: {}, data: endless });
  expect(await failureOf(session.list('/in'))).toMatchObject({ lasting: 'permanent', code: 'tooMany' });
});

it('an answer without end breaks the session, not the memory', async () => {
  const { session } = await sessionAt({ answers: { SIZE: `213-${'x'.repeat(100_000)}` } });
  expect(await failureOf(session.look('/a.xml'))).toMatchObject({ lasting: 'temporary', code: 'linkBroken' });
});

it('what a server says to a wrong login is not repeated', async () => {
  const { port } = await fakeFtpServer({ answers: { PASS: '530 secret is not the password of acme' } });
  const failure = await failureOf(at(port));
  expect(failure).toMatchObject({ lasting: 'permanent', code: 'badCredentials' });
  expect(failure.text).not.toContain('secret');
});

it('a data connection that does not come about says where to look', async () => {
  const { session } = await sessionAt({ answers: { PASV: '227 (127,0,0,1,0,1)' } });
  const failure = await failureOf(session.list('/in'));
  expect(failure).toMatchObject({ lasting: 'temporary', code: 'linkBroken' });
  expect(failure.text).toMatch(/no data connection to port 1 .*passive ports/);
});

it('a server that is full is tried again', async () => {
  const { port } = await fakeFtpServer({ answers: { USER: '421 too many users' } });
  expect(await failureOf(at(port))).toMatchObject({ lasting: 'temporary', code: 'busy' });
});
