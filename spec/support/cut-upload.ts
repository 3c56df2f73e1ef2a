/** An upload that is cut three times and outlives the SIGKILL of dmz, with the bytes on the wire counted. */
import { join } from 'node:path';
import { expect } from 'vitest';
import { hashOf, makeFile } from './big-file.ts';
import { freePort } from './free-port.ts';
import { type Ran, run } from './run.ts';
import { linked, type Pair, password, startPair } from './servers.ts';
import { expectOneStory, idle } from './stories.ts';
import { type Wire, wireTo } from './wire.ts';

/** Over FTP what is counted are the data connections. */
export type UploadWay = 'sftp' | 'ftp';

const MiB = 1024 ** 2;
const slow = 900_000;

/** dmz listens on another address of this machine, under the same port numbers as the wires to it. */
const dmzHost = '127.0.0.2';

type World = { readonly pair: Pair; readonly door: Wire; readonly data: Wire; readonly end: () => Promise<void> };

const worldFor = async (way: UploadWay): Promise<World> => {
  const [port, dataPort] = [await freePort(), await freePort()];
  const passive = { passive: { ports: [dataPort, dataPort] } };
  const listener = { protocol: way, host: dmzHost, port, ...(way === 'ftp' ? passive : {}) };
  const pair = await startPair({ dmz: { listeners: [listener] } });
  const door = await wireTo(port, { port, host: dmzHost, counts: 'forth' });
  const data = way === 'sftp' ? door : await wireTo(dataPort, { port: dataPort, host: dmzHost, counts: 'forth' });
  const end = async (): Promise<void> => {
    for (const wire of new Set([door, data])) await wire.close();
    await pair.end();
  };
  return { pair, door, data, end };
};

/** Sends a file of so many MiB; answers how many bytes went over the wire beyond its size. */
export const cutUpload = async (way: UploadWay, mebibytes: number): Promise<number> => {
  const { pair, door, data, end } = await worldFor(way);
  try {
    const file = join(pair.directory, 'big.bin');
    await makeFile(file, mebibytes * MiB);
    const url = `${way}://127.0.0.1:${door.port}/big.bin`;
    // `-C -` asks the server how much it has.
    const put = (): Promise<Ran> =>
      run('curl', ['-q', '-sS', '-k', '-u', `acme:${password}`, '-C', '-', '-T', file, url], { within: slow });
    for (const [share, killed] of [[0.2], [0.4], [0.6], [0.8, pair.dmz]] as const) {
      const held = data.holdAt(share * mebibytes * MiB);
      const sending = put();
      await held;
      await killed?.kill();
      for (const wire of new Set([door, data])) wire.cut();
      expect((await sending).code).not.toBe(0);
      await killed?.start();
    }
    void data.holdAt(Number.POSITIVE_INFINITY);
    await linked(pair);
    expect(await put()).toMatchObject({ code: 0 });
    await idle(pair, slow);
    expect(await hashOf(join(pair.out, 'big.bin'))).toBe(await hashOf(file));
    expect(await expectOneStory(pair)).toBe(1);
    return data.carried() - mebibytes * MiB;
  } finally {
    await end();
  }
};
