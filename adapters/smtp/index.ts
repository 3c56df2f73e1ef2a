/** SMTP, and SMTP over TLS. */
import type { Attempt } from '../../domain/failure.ts';
import { type Listener, type ListenerContext, protocol } from '../../domain/protocol.ts';
import { attempt } from '../shared/attempt.ts';
import { whyNotOpen } from '../shared/not-open.ts';
import { smtpPartner, smtpsPartner } from './client.ts';
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

/** The SMTP protocol (RFC 5321): a server for partners' mail, encrypted where the sender wants that, and a client of theirs. */
export const smtp = protocol({
  ...{ name: 'smtp', port: 25, settings: smtpSettings, listen: open, partner: smtpPartner },
});

/** SMTP over TLS from the first byte (RFC 8314). */
export const smtps = protocol({
  ...{ name: 'smtps', port: 465, settings: smtpsSettings, listen: open, partner: smtpsPartner },
});
