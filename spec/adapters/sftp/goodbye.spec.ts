import type { Socket } from 'node:net';
import type { Client } from 'ssh2';
import { describe, expect, it } from 'vitest';
import { until } from '../../support/until.ts';
import { connect, subsystem } from './clients.ts';
import { endpoint } from './endpoint.ts';

const socketOf = (client: Client): Socket => (client as unknown as { readonly _sock: Socket })._sock;

const leave: Readonly<Record<string, (client: Client) => void>> = {
  'ends the connection': (client) => client.end(),
  'half-closes the connection': (client) => socketOf(client).end(),
  'resets the connection': (client) => socketOf(client).resetAndDestroy(),
};

describe('an SFTP session after its last reply', () => {
  it.each([
    ['ends the connection', true],
    ['half-closes the connection', true],
    ['resets the connection', false],
  ] as const)('when the client %s, is orderly: %s', async (how, orderly) => {
    const { place, memory } = await endpoint();
    const client = await connect(place);
    const sftp = await subsystem(client);
    sftp.on('error', () => undefined);
    await new Promise((resolve) => sftp.stat('/', resolve));
    client.removeAllListeners('error').on('error', () => undefined);
    leave[how]?.(client);
    expect(await until('the session is closed', () => memory.orderly.length > 0 && memory.orderly)).toEqual([orderly]);
  });
});
