/** The wire server in a process that a test can kill. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const entry = fileURLToPath(new URL('../../../dist/spec/support/eventstore/main.js', import.meta.url));

export type EventStoreProcess = {
  readonly url: string;
  readonly pid: number;
  /** SIGKILL, and waits for the death. */
  readonly kill: () => Promise<void>;
};

/** Starts the compiled wire server on a directory, and waits until it listens; on any free port of 127.0.0.1 by default. */
export const startEventStoreProcess = async (
  directory: string,
  { host = '127.0.0.1', port = 0 } = {},
): Promise<EventStoreProcess> => {
  const args = [entry, directory, String(port), host];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exit = once(child, 'exit');
  const said = once(createInterface(child.stdout), 'line').then(([line]) => String(line));
  const url = await Promise.race([said, exit.then(() => undefined)]);
  if (url === undefined) throw new Error(`the wire server ended before it listened, with ${child.exitCode}`);
  return {
    url,
    pid: child.pid ?? 0,
    kill: async () => {
      child.kill('SIGKILL');
      await exit;
    },
  };
};
