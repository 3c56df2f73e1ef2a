/** FTP, and FTP over TLS. */
import type { z } from 'zod';
import type { Attempt } from '../../domain/failure.ts';
import { type Listener, type ListenerContext, protocol } from '../../domain/protocol.ts';
import { attempt } from '../shared/attempt.ts';
import { whyNotOpen } from '../shared/not-open.ts';
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
    whyNotOpen(`${settings.protocol} ${settings.host}:${settings.port}`),
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
