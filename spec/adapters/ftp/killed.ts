/** A partner's program that dies in the middle: its system ends both connections as politely as if it were done. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Tls, urlOf } from './clients.ts';
import { endpoint } from './endpoint.ts';

const argumentsOf = {
  curl: (url: string, file: string) => [
    '-q',
    '-sS',
    '--insecure',
    '--ssl',
    '-u',
    'acme:secret',
    '--limit-rate',
    '3M',
    '-T',
    file,
    `${url}killed`,
  ],
  lftp: (url: string, file: string) => [
    '--norc',
    '-e',
    `set ssl:verify-certificate no; set net:limit-rate 3000000; put ${file} -o killed`,
    '-u',
    'acme,secret',
    url,
  ],
};

/** Kills each program so many times. */
export const killedSenders = (times: number, tls?: Tls): void => {
  describe(`an upload of a program that is killed${tls === undefined ? '' : `, over ${tls} TLS`}`, () => {
    it.each(['curl', 'lftp'] as const)(`is never completed: %s, ${times} times`, async (command) => {
      const { memory, place } = await endpoint(tls === undefined ? {} : { protocol: 'ftps', mode: tls });
      const file = join(place.directory, 'killed');
      await writeFile(file, Buffer.alloc(10_000_000, 'x'));
      for (let round = 1; round <= times; round += 1) {
        let writes = 0;
        memory.before = (what) => {
          if (what === 'write') writes += 1;
          return undefined;
        };
        const sender = spawn(command, argumentsOf[command](urlOf(place, '', tls), file), { stdio: 'ignore' });
        await memory.until(() => writes > round % 5);
        sender.kill('SIGKILL');
        await once(sender, 'exit');
        await memory.until(() => memory.abandoned.length === round || memory.completed.length > 0);
        expect(memory.completed).toEqual([]);
      }
    });
  });
};
