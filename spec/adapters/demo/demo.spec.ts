import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { controlClient } from '../../../adapters/control/client.ts';
import { runDemo } from '../../../adapters/demo/index.ts';
import type { KeyTools } from '../../../adapters/shared/key-tools.ts';
import type { Clock } from '../../../domain/ports.ts';
import { fakeControl } from '../../support/fake-control.ts';
import { fakeProgram } from '../../support/fake-program.ts';
import { fakeTerminal } from '../../support/fake-terminal.ts';

const { keys: none, clock: real } = fakeProgram();
const clock: Clock = { ...real, after: (_, callback) => real.after(0, callback) };
const shown = (['inner', 'dmz'] as const).map((node) => ({
  ...{ file: `${node}.crt`, node, role: node, fingerprint: `sha256:${'0'.repeat(64)}`, notAfter: 0, daysLeft: 0 },
}));
const keys: KeyTools = {
  ...none,
  create: ({ directory }) =>
    TE.fromIO(() => {
      mkdirSync(directory);
      return shown;
    }),
  show: () => TE.right(shown),
};

let data = '';
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'sallyport-demo-'));
});
afterEach(() => rmSync(data, { recursive: true }));

const run = async (portOffset: number, more: Partial<Parameters<typeof runDemo>[0]> = {}) => {
  const { terminal, errors } = fakeTerminal();
  const code = await runDemo({ data, portOffset, entry: '/nowhere.js', terminal, keys, controlClient, clock, ...more });
  return { code, errors };
};

describe('the demo', () => {
  it('says in one sentence which port is taken, and what to do', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = other.address();
    const offset = (typeof address === 'object' && address !== null ? address.port : 0) - 2222;
    const { code, errors } = await run(offset);
    expect(code).toBe(1);
    expect(errors).toEqual([
      `sallyport: port ${offset + 2222} on 127.0.0.1 is taken: end the program that listens there, or give the demo --port-offset ${offset + 1000}`,
    ]);
    await new Promise((resolve) => other.close(resolve));
  });

  it('refuses an offset that leads beyond the last port', async () => {
    expect(await run(60_000)).toEqual({ code: 1, errors: ['sallyport: --port-offset 60000 leads beyond port 65535'] });
  });

  it('refuses a directory on which a server is running', async () => {
    const { code, errors } = await run(0, { controlClient: () => fakeControl().control });
    expect(code).toBe(1);
    expect(errors[0]).toContain(`a server is already running on ${data}/inner: end it first`);
  });
});
