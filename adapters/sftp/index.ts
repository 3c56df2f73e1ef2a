/** SFTP over SSH. */
import { z } from 'zod';
import { protocol } from '../../domain/protocol.ts';
import { duration, filePath } from '../../domain/units.ts';
import { attempt } from '../shared/attempt.ts';
import { whyNotOpen } from '../shared/not-open.ts';
import { sftpPartner } from './client.ts';
import { hostKeys } from './host-keys.ts';
import { listen } from './listener.ts';

const settings = z.strictObject({
  protocol: z.literal('sftp'),
  host: z.string().min(1).max(255).default('0.0.0.0').describe('Address to listen on.'),
  port: z.number().int().min(0).max(65_535).default(22).describe('Port to listen on.'),
  hostKeys: z
    .array(filePath)
    .min(1, 'name at least one key file, or leave hostKeys out')
    .max(4)
    .optional()
    .describe('Private host key files without a passphrase; absent: two keys are made once and kept.'),
  banner: z.string().max(2000).optional().describe('Shown to the partner before it logs in.'),
  idleTimeout: duration.prefault('10m').describe('A session in which nothing moves for so long is ended.'),
  loginTimeout: duration.prefault('30s').describe('A connection must have logged in after so long.'),
  maxLoginAttempts: z.number().int().min(1).max(20).default(6).describe('Failed logins in one connection.'),
  maxConnections: z.number().int().min(1).max(10_000).default(500).describe('Connections at the same time.'),
});

/** The SFTP protocol: a server of SFTP version 3 for partners, and a client of theirs. */
export const sftp = protocol({
  name: 'sftp',
  port: 22,
  settings,
  partner: sftpPartner,
  listen: (given, context) =>
    attempt(
      async () => listen(given, await hostKeys(given.hostKeys, context.directory), context),
      whyNotOpen(`sftp ${given.host}:${given.port}`),
    ),
});
