/** How a client of FTPS tells the end of the data from a cut. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { createServer, type TLSSocket, connect as tlsConnect } from 'node:tls';
import { Client } from 'basic-ftp';
import { expect, it, onTestFinished } from 'vitest';
import { secureData } from '../../../adapters/ftp/secure-data.ts';
import { writeCertificate } from '../../support/certificate.ts';
import { bytesOf } from '../../support/outcome.ts';
import { scratch } from '../../support/scratch.ts';

/** A server that sends 100,000 bytes and ends as it is told; and the client's two connections to it. */
const sending = async (version: 'TLSv1.2' | 'TLSv1.3', end: (socket: TLSSocket, raw: Socket) => void) => {
  const directory = await scratch();
  writeCertificate(directory, 'server');
  const [key, cert] = await Promise.all(['key', 'crt'].map((each) => readFile(join(directory, `server.${each}`))));
  let raws: readonly Socket[] = [];
  let count = 0;
  const server = createServer({ key, cert, minVersion: version, maxVersion: version }, (socket) => {
    socket.on('error', () => undefined);
    count += 1;
    const raw = raws[count - 1];
    if (count === 2 && raw !== undefined) socket.write(Buffer.alloc(100_000, 7), () => end(socket, raw));
  });
  server.on('connection', (raw: Socket) => {
    raws = [...raws, raw];
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const control = tlsConnect({ host: '127.0.0.1', port, rejectUnauthorized: false });
  control.on('error', () => undefined);
  await once(control, 'secureConnect');
  const { ftp } = new Client(0);
  ftp.tlsOptions = { rejectUnauthorized: false };
  const raw = connect(port, '127.0.0.1');
  await once(raw, 'connect');
  onTestFinished(() => {
    control.destroy();
    raw.destroy();
    server.close();
  });
  return secureData(raw, ftp, control);
};

it.each(['TLSv1.2', 'TLSv1.3'] as const)('over %s an end that the sender announced is one', async (version) => {
  const { stream, ready, endedWell } = await sending(version, (socket) => socket.end());
  await ready;
  expect(await bytesOf(stream)).toHaveLength(100_000);
  expect(endedWell()).toBe(true);
});

it.each(['TLSv1.2', 'TLSv1.3'] as const)(
  'over %s a connection that just ends is a cut, whatever came before',
  async (version) => {
    const { stream, ready, endedWell } = await sending(version, (_, raw) => raw.end());
    await ready;
    await bytesOf(stream).catch(() => undefined);
    expect(endedWell()).toBe(false);
  },
);
