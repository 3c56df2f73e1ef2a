/** The settings of the two protocols. */
import { z } from 'zod';
import { duration, filePath } from '../../domain/units.ts';
import { certificateSettings, isPair } from '../shared/endpoint-certificate.ts';

const port = z.number().int().min(0).max(65_535);
const host = z.string().min(1).max(255).default('0.0.0.0').describe('Address to listen on.');

const common = {
  headerTimeout: duration.prefault('30s').describe('The head of a request must be there after so long.'),
  requestTimeout: duration
    .prefault('1d')
    .describe('A request must be there with all of its body after so long, however slowly it comes.'),
  idleTimeout: duration
    .prefault('1m')
    .describe('A body of which hardly anything moves for so long, in either direction, is given up.'),
  keepAlive: duration.prefault('15s').describe('How long a connection may stay idle between two requests.'),
  longestWait: duration.prefault('1m').describe('The longest that `?wait=` may wait for the end of a transfer.'),
  maxConnections: z.number().int().min(1).max(10_000).default(500).describe('Connections at the same time.'),
  maxConnectionsPerAddress: z
    .number()
    .int()
    .min(1)
    .max(10_000)
    .default(100)
    .describe('Connections at the same time from one address, or from one IPv6 network (/64).'),
};

/** HTTP. */
export const httpSettings = z.strictObject({
  protocol: z.literal('http'),
  host,
  port: port.default(80).describe('Port to listen on.'),
  ...common,
});

/** HTTP over TLS. */
export const httpsSettings = z
  .strictObject({
    protocol: z.literal('https'),
    host,
    port: port.default(443).describe('Port to listen on.'),
    ...certificateSettings,
    http2: z.boolean().default(false).describe('Speaks HTTP/2 with clients that ask for it (ALPN), beside HTTP/1.1.'),
    certificates: z
      .array(z.strictObject({ certificate: filePath, key: filePath }))
      .max(100)
      .default([])
      .describe('More certificates and their keys, for clients that ask for a name in one of them (SNI).'),
    ...common,
  })
  .refine(...isPair)
  .refine(
    ({ certificate, certificates }) => certificate !== undefined || certificates.length === 0,
    'certificates are beside certificate and key, which are for whoever asks for no name',
  );
