/** The two servers' settings in every schedule. */
import { isLeft } from 'fp-ts/lib/Either.js';
import { z } from 'zod';
import { type Config, decodeConfig } from '../../domain/config.ts';
import { permanent } from '../../domain/failure.ts';
import type { Verifiers } from '../../domain/ports.ts';
import { protocol } from '../../domain/protocol.ts';
import type { Role } from '../../domain/role.ts';

/** The directory of the one profile. */
export const outDirectory = '/out';
/** Payloads above this size, in bytes, are fetched. */
export const streamingSize = 64;
/** How long dmz keeps what was delivered, milliseconds. */
export const viewFor = 600_000;

const none = protocol({
  name: 'none',
  port: 1,
  settings: z.strictObject({ protocol: z.literal('none'), host: z.string(), port: z.number() }),
  listen: () => () => Promise.resolve({ _tag: 'Left', left: permanent('none', 'partners come in by the intake') }),
});

/** Decodes a config as a server does. */
export const decoded = (raw: unknown): Config => {
  const config = decodeConfig(raw, [none]);
  if (isLeft(config)) throw new Error(JSON.stringify(config.left));
  return config.right;
};

const link = (node: string, host?: string) => ({
  ca: 'ca',
  certificate: 'certificate',
  key: 'key',
  peers: [{ node, fingerprint: `sha256:${'0'.repeat(64)}`, ...(host === undefined ? {} : { host }) }],
});

/** The settings by role. */
export const configs: Readonly<Record<Role, Config>> = {
  inner: decoded({
    role: 'inner',
    node: 'inner-1',
    data: 'inner',
    streamingSize,
    messageService: link('dmz-1', 'dmz'),
    channels: [{ name: 'acme', login: 'acme', password: { env: 'PASSWORD' } }],
    profiles: [{ name: 'orders', match: { name: '*.xml' }, responses: [{ kind: 'file', directory: outDirectory }] }],
  }),
  dmz: decoded({
    role: 'dmz',
    node: 'dmz-1',
    data: 'dmz',
    streamingSize,
    viewFor,
    messageService: link('inner-1'),
    limits: { sessionsPerAddress: 1000, newSessionsPerMinute: 100_000, failedLogins: 100_000 },
  }),
};

/** By channel. */
export const passwords = new Map([['acme', 'open sesame']]);

/** Verifiers that cost nothing. */
export const verifiers: Verifiers = {
  make: (password) => Promise.resolve(`$argon2id$${password}`),
  check: (verifier, password) => Promise.resolve(verifier === `$argon2id$${password}`),
};
