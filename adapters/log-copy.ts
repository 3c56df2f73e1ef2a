/** COMPOSITION of moving an event log: opens both places, and holds the locks of their servers meanwhile. */
import { mkdir, realpath, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { isLeft, left, right } from 'fp-ts/lib/Either.js';
import type { Config, Problem } from '../domain/config.ts';
import { parseConnection } from '../domain/event-log.ts';
import { failing, failureIn, permanent } from '../domain/failure.ts';
import { decodeFile } from './config/load.ts';
import { readEventLog } from './config/secrets.ts';
import { copyEvents } from './eventlog/copy.ts';
import { embeddedEventLog } from './eventlog/embedded.ts';
import { eventStoreDb } from './eventlog/eventstoredb.ts';
import { prefixOf } from './eventlog/eventstoredb-names.ts';
import { whyNotThere } from './eventlog/eventstoredb-probe.ts';
import type { MovableLog } from './eventlog/movable.ts';
import { logFile } from './eventlog/schema.ts';
import { protocols } from './protocols.ts';
import { systemClock } from './shared/clock.ts';
import { lockDirectory } from './shared/lock.ts';
import { createLog } from './shared/log.ts';
import type { CopyLog } from './shared/log-copy.ts';

/** What an argument names: a log, and perhaps the server that it is of. */
type Place = {
  readonly text: string;
  readonly server?: Pick<Config, 'node' | 'data'>;
  readonly log: { readonly directory: string } | { readonly connectionString: string };
};

const probeFor = 5_000;

/** Copies a log; both servers must be stopped. */
export const copyLog: CopyLog = async ({ from, to, signal, progress }) => {
  const closers: (() => Promise<void>)[] = [];
  try {
    const [source, target] = [await placeOf(from), await placeOf(to)];
    const node = nodeOf(source, target);
    if ('directory' in source.log && !(await isFile(join(source.log.directory, logFile))))
      throw refused(`there is no event log in ${source.log.directory}`);
    for (const directory of await directoriesOf([source, target])) closers.push(await lockDirectory(directory));
    const open = async (place: Place): Promise<MovableLog> => {
      const log = await openLog(place, node);
      closers.push(() => log.close());
      return log;
    };
    return right(await copyEvents({ from: await open(source), to: await open(target), signal, progress }));
  } catch (error) {
    if (error instanceof WrongConfig) return left({ file: error.message, problems: error.problems });
    const failure = failureIn(error);
    if (failure === undefined && !(error instanceof Error)) throw error;
    return left(failure?.text ?? (error as Error).message);
  } finally {
    for (const close of closers.reverse()) await close();
  }
};

class WrongConfig extends Error {
  readonly problems: readonly Problem[];
  constructor(file: string, problems: readonly Problem[]) {
    super(file);
    this.problems = problems;
  }
}

const placeOf = async (text: string): Promise<Place> => {
  if (/^esdb\b/i.test(text)) return { text, log: { connectionString: await connectionIn(text, process.cwd(), text) } };
  if (!(await isFile(text)) && !/\.(ya?ml|json)$/.test(text)) return { text, log: { directory: resolve(text) } };
  const decoded = await decodeFile(text, protocols);
  if (isLeft(decoded)) throw new WrongConfig(text, decoded.left);
  const { node, data, eventLog } = decoded.right;
  if (eventLog === undefined) return { text, server: { node, data }, log: { directory: data } };
  const connectionString = await connectionIn(eventLog, dirname(resolve(text)), text);
  return { text, server: { node, data }, log: { connectionString } };
};

const connectionIn = async (eventLog: Config['eventLog'], directory: string, file: string): Promise<string> => {
  const wrong = typeof eventLog === 'string' ? parseConnection(eventLog) : undefined;
  if (typeof wrong === 'string') throw refused(`${wrong}, in a config, and name that instead`);
  const found = await readEventLog({ eventLog }, directory, process.env);
  if (found.problems.length > 0 || found.eventLog === undefined) throw new WrongConfig(file, found.problems);
  return found.eventLog;
};

/** In EventStoreDB the node begins the names of its streams, so one of the places must say whose log it is. */
const nodeOf = ({ server: one, text: from, log }: Place, { server: other, text: to, log: end }: Place): string => {
  if (one !== undefined && other !== undefined && one.node !== other.node)
    throw refused(`${from} is of the node ${one.node}, ${to} of ${other.node}: a log stays with its node`);
  if (JSON.stringify(log) === JSON.stringify(end)) throw refused(`${from} and ${to} name the same log`);
  const node = one?.node ?? other?.node;
  if (node === undefined && ('connectionString' in log || 'connectionString' in end))
    throw refused(
      'name the config of the server by --from or --to: the names of its streams bear the name of its node',
    );
  return node ?? '';
};

/** The directories whose servers must not run; they are made where they are missing. */
const directoriesOf = async (places: readonly Place[]): Promise<ReadonlySet<string>> => {
  const found = new Set<string>();
  for (const { server, log } of places)
    for (const directory of [server?.data, 'directory' in log ? log.directory : undefined]) {
      if (directory === undefined) continue;
      await mkdir(directory, { recursive: true, mode: 0o700 });
      found.add(await realpath(directory));
    }
  return found;
};

const openLog = async ({ log }: Place, node: string): Promise<MovableLog> => {
  if ('directory' in log) return embeddedEventLog({ directory: log.directory, onFatal: () => undefined });
  const clock = systemClock();
  const place = { connectionString: log.connectionString, prefix: prefixOf(node), clock };
  const unusable = await whyNotThere(place, probeFor);
  if (unusable !== undefined) throw refused(unusable.why);
  const silent = createLog({ level: 'error', format: 'text', write: () => undefined, clock });
  return eventStoreDb({ ...place, log: silent });
};

const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  );

const refused = (text: string): Error => failing(permanent('refused', text));
