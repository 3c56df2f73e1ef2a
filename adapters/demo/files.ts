/** The demo's files: keys, both configs, the password. Made once; what is there is kept. */
import { access, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isLeft } from 'fp-ts/lib/Either.js';
import type { Clock } from '../../domain/ports.ts';
import type { KeyTools } from '../shared/key-tools.ts';
import { dmzConfig, innerConfig, portLine } from './configs.ts';
import { type DemoEventLog, ownEventLog, passwordFile } from './event-log.ts';

/** Where the demo's things are. */
export const demoPaths = (data: string) => ({
  keys: join(data, 'keys'),
  password: join(data, 'demo.password'),
  inner: { config: join(data, 'inner.yaml'), data: join(data, 'inner'), log: join(data, 'inner.log') },
  dmz: { config: join(data, 'dmz.yaml'), data: join(data, 'dmz'), log: join(data, 'dmz.log') },
});

/**
 * Makes what is missing. In a config that is there, only the lines that are marked with `--port-offset` follow it; all
 * else is the user's. Throws a sentence where something cannot be made.
 */
export const prepareFiles = async (options: {
  readonly data: string;
  readonly portOffset: number;
  readonly eventLog: DemoEventLog;
  readonly keys: KeyTools;
  readonly clock: Clock;
}): Promise<void> => {
  const { data, portOffset, eventLog, keys, clock } = options;
  const paths = demoPaths(data);
  await mkdir(data, { recursive: true, mode: 0o700 });
  if (!(await exists(paths.keys))) await makeKeys(paths.keys, keys, clock);
  const shown = await keys.show({ directory: paths.keys, clock })();
  if (isLeft(shown)) throw new Error(shown.left.text);
  const fingerprint = (node: string): string => {
    const found = shown.right.find((each) => each.node === node);
    if (found === undefined)
      throw new Error(
        `there is no certificate of ${node} in ${paths.keys}; remove that directory and both configs, then start the demo again`,
      );
    return found.fingerprint;
  };
  await writeOnce(paths.password, 'demo\n');
  if (eventLog.password !== undefined) await writeOnce(passwordFile(data), `${eventLog.password}\n`);
  await writeOnce(paths.inner.config, innerConfig(fingerprint('dmz'), eventLog.lines));
  await writeOnce(paths.dmz.config, dmzConfig(fingerprint('inner'), eventLog.lines));
  for (const { config } of [paths.inner, paths.dmz]) {
    if (eventLog !== ownEventLog && !(await readFile(config, 'utf8')).includes(eventLog.lines))
      throw new Error(
        `${config} names another event log: leave out --event-log to go on with it, or give the demo another --data`,
      );
    await movePorts(config, portOffset);
  }
};

/** Made elsewhere and moved into place: a demo that was killed half-way must not leave half of the keys. */
const makeKeys = async (directory: string, keys: KeyTools, clock: Clock): Promise<void> => {
  const fresh = `${directory}.new`;
  await rm(fresh, { recursive: true, force: true });
  const hosts = ['127.0.0.1', 'localhost'];
  const nodes = [
    { role: 'inner', node: 'inner', hosts },
    { role: 'dmz', node: 'dmz', hosts },
  ] as const;
  const made = await keys.create({ directory: fresh, nodes, clock })();
  if (isLeft(made)) throw new Error(made.left.text);
  await rename(fresh, directory);
};

const movePorts = async (file: string, offset: number): Promise<void> => {
  const before = await readFile(file, 'utf8');
  const after = before.replace(portLine, (_, start: string, base: string) => `${start}${Number(base) + offset}`);
  if (after !== before) await replace(file, after);
};

const writeOnce = async (file: string, text: string): Promise<void> => {
  if (!(await exists(file))) await replace(file, text);
};

const replace = async (file: string, text: string): Promise<void> => {
  await writeFile(`${file}.new`, text, { mode: 0o600 });
  await rename(`${file}.new`, file);
};

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
