/** `sallyport demo`: both servers on this machine, from nothing to the first file. */
import { resolve } from 'node:path';
import { isLeft } from 'fp-ts/lib/Either.js';
import type { Control, Status } from '../../domain/control.ts';
import type { Clock } from '../../domain/ports.ts';
import type { KeyTools } from '../shared/key-tools.ts';
import type { Terminal } from '../shared/terminal.ts';
import { ports } from './configs.ts';
import { eachOnce, type FeedLine, followEvents } from './event-feed.ts';
import { demoPaths } from './files.ts';
import { prepare, roles, wait } from './prepare.ts';
import { keepRunning } from './server-process.ts';
import { coloured, eventText, welcome } from './words.ts';

/** What the demo needs; `entry` is the compiled program that the servers are started from. */
export type DemoOptions = {
  readonly data: string;
  readonly portOffset: number;
  /** The connection string of an EventStoreDB for both servers. */
  readonly eventLog?: string | undefined;
  readonly entry: string;
  readonly terminal: Terminal;
  readonly keys: KeyTools;
  readonly controlClient: (data: string) => Control;
  readonly clock: Clock;
};

/** Runs the demo until it is stopped; answers the exit code. Refuses where its ports are taken or its data directory is in use. */
export const runDemo = async (options: DemoOptions): Promise<number> => {
  const { terminal, clock } = options;
  const data = resolve(options.data);
  const stopping = terminal.untilStopped({ endWithParent: false });
  try {
    const trouble = await prepare({ ...options, data });
    if (trouble !== undefined) {
      terminal.error(`sallyport: ${trouble}`);
      return 1;
    }
    const paths = demoPaths(data);
    const controls = { inner: options.controlClient(paths.inner.data), dmz: options.controlClient(paths.dmz.data) };
    const servers = roles.map((role) =>
      keepRunning({
        ...{ entry: options.entry, config: paths[role].config, log: paths[role].log, clock },
        onDeath: (how) => terminal.out(coloured(role, `${role} ${how}`, terminal.colour)),
      }),
    );
    const print = eachOnce((line: FeedLine) => terminal.out(coloured(line.origin, eventText(line), terminal.colour)));
    const feeds = roles.map((role) => followEvents(controls[role], clock, stopping.signal, print));
    const greeting = greet({ ...options, data }, controls, stopping.signal);
    await aborted(stopping.signal);
    terminal.out('stopping both servers');
    await Promise.all([greeting, ...feeds, ...servers.map((server) => server.stop())]);
    return 0;
  } finally {
    stopping.release();
  }
};

/** Prints what can be done, once it can be done: dmz listens, and the link is up on both sides. */
const greet = async (
  options: DemoOptions,
  controls: Readonly<Record<(typeof roles)[number], Control>>,
  signal: AbortSignal,
): Promise<void> => {
  const { terminal, clock, data, entry, portOffset } = options;
  while (!signal.aborted) {
    const [inner, dmz] = await Promise.all([controls.inner.status()(), controls.dmz.status()()]);
    const port = (protocol: string): number | undefined =>
      isLeft(dmz) ? undefined : dmz.right.listeners.find((each) => each.protocol === protocol)?.port;
    const sftp = port('sftp');
    if (!isLeft(inner) && !isLeft(dmz) && linked(inner.right) && linked(dmz.right) && sftp !== undefined) {
      const lines = welcome({
        ...{ data, entry, sftp, ftp: port('ftp'), ftps: port('ftps'), fetch: port('fetch-sftp') },
        ...{ http: port('http'), https: port('https'), smtp: port('smtp') },
        messageService: ports.messageService + portOffset,
      });
      for (const line of lines) terminal.out(line);
      return;
    }
    await wait(clock, 100);
  }
};

const linked = (status: Status): boolean => status.links.length > 0 && status.links.every((link) => link.up);

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((done) => {
    if (signal.aborted) done();
    else signal.addEventListener('abort', () => done(), { once: true });
  });
