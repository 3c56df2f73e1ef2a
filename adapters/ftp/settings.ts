/** The settings of the two protocols. */
import { z } from 'zod';
import { duration } from '../../domain/units.ts';
import { certificateSettings, isPair } from '../shared/endpoint-certificate.ts';

const dataPort = z.number().int().min(1).max(65_535);
const port = z.number().int().min(0).max(65_535);
const host = z.string().min(1).max(255).default('0.0.0.0').describe('Address to listen on.');

const passive = z
  .strictObject({
    host: z
      .ipv4('an IPv4 address, as partners see this server')
      .optional()
      .describe('Address that PASV tells, where partners reach this server under another one than its own (NAT).'),
    ports: z
      .tuple([dataPort, dataPort])
      .refine(([from, to]) => from <= to, 'the first port, then the last one')
      .default([30_000, 30_999])
      .describe('First and last port of the data connections; open them in the firewall, too.'),
  })
  .prefault({});

const common = {
  passive,
  active: z
    .boolean()
    .default(false)
    .describe('Connect to the partner for data (PORT, EPRT) where it asks for that; only ever to its own address.'),
  settleTime: duration
    .prefault('50ms')
    .describe(
      'After the data of an upload, how long to look whether the control connection ends too: then the sender has died. Not waited where the sender has announced the size (ALLO).',
    ),
  banner: z.string().max(2000).optional().describe('Shown to the partner before it logs in.'),
  idleTimeout: duration.prefault('10m').describe('A session in which nothing moves for so long is ended.'),
  loginTimeout: duration.prefault('30s').describe('A connection must have logged in after so long.'),
  maxLoginAttempts: z.number().int().min(1).max(20).default(6).describe('Failed logins in one connection.'),
  maxConnections: z.number().int().min(1).max(10_000).default(500).describe('Connections at the same time.'),
};

/** FTP. */
export const ftpSettings = z.strictObject({
  protocol: z.literal('ftp'),
  host,
  port: port.default(21).describe('Port to listen on.'),
  ...common,
});

/** FTP over TLS. */
export const ftpsSettings = z
  .strictObject({
    protocol: z.literal('ftps'),
    mode: z
      .enum(['explicit', 'implicit'])
      .default('explicit')
      .describe(
        'explicit: TLS begins with AUTH TLS, before which nobody can log in. implicit: TLS from the first byte.',
      ),
    host,
    port: port.optional().describe('Port to listen on. Absent: 21 for explicit, 990 for implicit.'),
    ...certificateSettings,
    sessionReuse: z
      .enum(['accept', 'demand'])
      .default('accept')
      .describe('demand: a data connection must resume the TLS session of its control connection.'),
    closeNotify: z
      .enum(['demand', 'trust'])
      .default('demand')
      .describe(
        'demand: an upload whose data ends without TLS close_notify was cut, and is not taken. trust: for partners whose programs never send it.',
      ),
    ...common,
  })
  .refine(...isPair)
  .transform(({ port: given, ...rest }) => ({ ...rest, port: given ?? (rest.mode === 'implicit' ? 990 : 21) }));
