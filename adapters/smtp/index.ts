/** SMTP, and SMTP over TLS. */
import type { Attempt } from '../../domain/failure.ts';
import { type Listener, type ListenerContext, protocol } from '../../domain/protocol.ts';
import { attempt } from '../shared/attempt.ts';
import { whyNotOpen } from '../shared/not-open.ts';
import { type SmtpSettings, smtpSettings, smtpsSettings } from './settings.ts';

const open = (settings: SmtpSettings, context: ListenerContext): Attempt<Listener> =>
  attempt(
    async () => {
      // Loaded where it is wanted: most starts of the program are no server's.
      const { openEndpoint } = await import('./open.ts');
      return openEndpoint(settings, context);
    },
    whyNotOpen(`${settings.protocol} ${settings.host}:${settings.port}`),
  );

/** The SMTP protocol: a server for partners' mail (RFC 5321), encrypted where the sender wants that. */
export const smtp = protocol({ name: 'smtp', port: 25, settings: smtpSettings, listen: open });

/** SMTP over TLS from the first byte (RFC 8314). */
export const smtps = protocol({ name: 'smtps', port: 465, settings: smtpsSettings, listen: open });
