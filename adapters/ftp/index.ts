/** FTP. */
import { z } from 'zod';
import { permanent, temporary } from '../../domain/failure.ts';
import { protocol } from '../../domain/protocol.ts';
import { duration } from '../../domain/units.ts';
import { attempt } from '../shared/attempt.ts';
import { ftpPartner } from './client.ts';

const dataPort = z.number().int().min(1).max(65_535);

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

const settings = z.strictObject({
  protocol: z.literal('ftp'),
  host: z.string().min(1).max(255).default('0.0.0.0').describe('Address to listen on.'),
  port: z.number().int().min(0).max(65_535).default(21).describe('Port to listen on.'),
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
});

/** The FTP protocol: a server for partners, and a client of theirs. */
export const ftp = protocol({
  name: 'ftp',
  port: 21,
  settings,
  partner: ftpPartner,
  listen: ({ passive: { host: passiveHost, ports: passivePorts }, banner, ...given }, context) =>
    attempt(
      async () => {
        // Loaded where it is wanted: ftp-srv is large, and most starts of the program are no server's.
        const { listen } = await import('./listener.ts');
        return listen({ ...given, banner, passiveHost, passivePorts }, context);
      },
      (error) => {
        const code = (error as { code?: unknown }).code;
        const where = `ftp ${given.host}:${given.port}`;
        if (code === 'EADDRINUSE')
          return temporary(
            'addressInUse',
            `${where}: the port is in use; end the other program or choose another port`,
          );
        if (code === 'EACCES')
          return permanent(
            'notPermitted',
            `${where}: not permitted; grant CAP_NET_BIND_SERVICE or choose a port above 1023`,
          );
        return permanent('cannotListen', `${where}: ${error instanceof Error ? error.message : 'cannot listen'}`);
      },
    ),
});
