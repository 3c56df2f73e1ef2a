/** The settings of the two protocols. */
import { Resolver } from 'node:dns';
import { z } from 'zod';
import { duration, size } from '../../domain/units.ts';
import { certificateSettings, isPair } from '../shared/endpoint-certificate.ts';

const isServer = (text: string): boolean => {
  try {
    new Resolver().setServers([text]);
    return true;
  } catch {
    return false;
  }
};

const port = z.number().int().min(0).max(65_535);

// Certificates of senders are not asked for.
const { certificate, key, minVersion } = certificateSettings;

const common = {
  host: z.string().min(1).max(255).default('0.0.0.0').describe('Address to listen on.'),
  hostname: z
    .string()
    .regex(/^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/, 'a host name such as mail.example.com')
    .optional()
    .describe("The name that senders are greeted with; absent: the machine's."),
  ...{ certificate, key, minVersion },
  maxMailSize: size
    .prefault('100 MiB')
    .describe('Largest mail, told to senders (SIZE); `maxSize` of the channel counts, too.'),
  maxRecipients: z.number().int().min(1).max(1000).default(100).describe('Recipients of one mail.'),
  mailTimeout: duration.prefault('1h').describe('A mail must have come in whole after so long.'),
  idleTimeout: duration.prefault('5m').describe('A connection in which nothing moves for so long is ended.'),
  loginTimeout: duration
    .prefault('1m')
    .describe('A connection must have logged in, or named an address that takes its mail, after so long.'),
  maxLoginAttempts: z.number().int().min(1).max(20).default(6).describe('Failed logins in one connection.'),
  dns: z
    .strictObject({
      servers: z
        .array(
          z
            .string()
            .max(64)
            .refine(isServer, 'write an IP address, or one with a port: 192.0.2.1:53, [2001:db8::1]:53'),
        )
        .max(8)
        .default([])
        .describe("Name servers that are asked about senders; none: the system's."),
      timeout: duration.prefault('10s').describe('How long their answers about one mail are waited for.'),
    })
    .prefault({}),
  maxConnections: z.number().int().min(1).max(10_000).default(500).describe('Connections at the same time.'),
};

/** One SMTP endpoint as config has it: TLS begins with STARTTLS. */
export const smtpSettings = z
  .strictObject({
    protocol: z.literal('smtp'),
    port: port.default(25).describe('Port to listen on.'),
    startTls: z
      .enum(['offer', 'demand'])
      .default('offer')
      .describe('demand: mail is taken over TLS only, which many senders will not do.'),
    loginInClear: z.boolean().default(false).describe('Take passwords before STARTTLS, too: anybody may read them.'),
    ...common,
  })
  .refine(...isPair);

/** One SMTPS endpoint: TLS from the first byte (RFC 8314). */
export const smtpsSettings = z
  .strictObject({
    protocol: z.literal('smtps'),
    port: port.default(465).describe('Port to listen on.'),
    ...common,
  })
  .refine(...isPair);

/** The settings of an endpoint, of either protocol. */
export type SmtpSettings = z.infer<typeof smtpSettings> | z.infer<typeof smtpsSettings>;
