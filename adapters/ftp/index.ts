/** FTP, and FTP over TLS. */
import type { z } from 'zod';
import { type Attempt, permanent, temporary } from '../../domain/failure.ts';
import { type Listener, type ListenerContext, protocol } from '../../domain/protocol.ts';
import { attempt } from '../shared/attempt.ts';
import { ftpPartner, ftpsPartner } from './client.ts';
import { ftpSettings, ftpsSettings } from './settings.ts';

type Settings = z.infer<typeof ftpSettings> | z.infer<typeof ftpsSettings>;

const open = (settings: Settings, context: ListenerContext): Attempt<Listener> =>
  attempt(
    async () => {
      // Loaded where it is wanted: ftp-srv is large, and most starts of the program are no server's.
      const { openEndpoint } = await import('./open.ts');
      return openEndpoint(settings, context);
    },
    (error) => {
      const code = (error as { code?: unknown }).code;
      const where = `${settings.protocol} ${settings.host}:${settings.port}`;
      if (code === 'EADDRINUSE')
        return temporary('addressInUse', `${where}: the port is in use; end the other program or choose another port`);
      if (code === 'EACCES')
        return permanent(
          'notPermitted',
          `${where}: not permitted; grant CAP_NET_BIND_SERVICE or choose a port above 1023`,
        );
      return permanent('cannotListen', `${where}: ${error instanceof Error ? error.message : 'cannot listen'}`);
    },
  );

/** The FTP protocol: a server for partners, and a client of theirs. Never encrypted (RFC 959). */
export const ftp = protocol({
  ...{ name: 'ftp', port: 21, settings: ftpSettings, listen: open, partner: ftpPartner },
  dataPorts: (settings) => (settings as Settings).passive.ports,
});

/** FTP over TLS: a server for partners. Takes no login and no data in clear (RFC 4217). */
export const ftps = protocol({
  ...{ name: 'ftps', port: 21, settings: ftpsSettings, listen: open, partner: ftpsPartner },
  dataPorts: (settings) => (settings as Settings).passive.ports,
});
