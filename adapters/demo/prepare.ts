/** Before the demo's servers can start: nobody else in the directory, the files made, the ports free. */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { isLeft } from 'fp-ts/lib/Either.js';
import type { Control } from '../../domain/control.ts';
import type { Clock } from '../../domain/ports.ts';
import type { KeyTools } from '../shared/key-tools.ts';
import { portLine, ports } from './configs.ts';
import { demoEventLog } from './event-log.ts';
import { demoPaths, prepareFiles } from './files.ts';

/** The servers, in the order in which they are started. */
export const roles = ['inner', 'dmz'] as const;

/** Prepares it all; answers the sentence that says why the servers cannot start. */
export const prepare = async (options: {
  readonly data: string;
  readonly portOffset: number;
  readonly eventLog?: string | undefined;
  readonly keys: KeyTools;
  readonly controlClient: (data: string) => Control;
  readonly clock: Clock;
}): Promise<string | undefined> => {
  const { data, portOffset, clock } = options;
  if (Math.max(...Object.values(ports)) + portOffset > 65_535)
    return `--port-offset ${portOffset} leads beyond port 65535`;
  // Servers whose demo was killed a moment ago may still be ending, so that neither look gives up at once.
  const used = await patiently(clock, 50, () => inUse(data, options.controlClient));
  if (used !== undefined) return used;
  try {
    await prepareFiles({ ...options, eventLog: demoEventLog(options.eventLog) });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const config = await readFile(demoPaths(data).dmz.config, 'utf8');
  return patiently(clock, 20, () => portsTrouble(config, portOffset));
};

const inUse = async (data: string, controlClient: (data: string) => Control): Promise<string | undefined> => {
  for (const role of roles) {
    const directory = demoPaths(data)[role].data;
    if (!isLeft(await controlClient(directory).status()()))
      return `a server is already running on ${directory}: end it first, or give the demo another --data`;
  }
  return undefined;
};

/** Only dmz listens, so that its config names every port that must be free. */
const portsTrouble = async (config: string, portOffset: number): Promise<string | undefined> => {
  for (const line of config.match(portLine) ?? []) {
    const port = Number(/\d+/.exec(line)?.[0]);
    const code = await portError(port);
    if (code === 'EADDRINUSE')
      return `port ${port} on 127.0.0.1 is taken: end the program that listens there, or give the demo --port-offset ${portOffset + 1000}`;
    if (code !== undefined)
      return `port ${port} on 127.0.0.1 is not to be had (${code}); give the demo another --port-offset`;
  }
  return undefined;
};

const portError = (port: number): Promise<string | undefined> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve('code' in error ? String(error.code) : error.message));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(undefined)));
  });

const patiently = async (
  clock: Clock,
  tries: number,
  trouble: () => Promise<string | undefined>,
): Promise<string | undefined> => {
  for (let left = tries; left > 0; left -= 1) {
    if ((await trouble()) === undefined) return undefined;
    await wait(clock, 100);
  }
  return trouble();
};

/** Resolves after so many milliseconds of the clock. */
export const wait = (clock: Clock, milliseconds: number): Promise<void> =>
  new Promise((done) => void clock.after(milliseconds, done));
