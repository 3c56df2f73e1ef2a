import { smtp, smtps } from '../../../adapters/smtp/index.ts';
import type { MailRules } from '../../../domain/mail.ts';
import type { Clock } from '../../../domain/ports.ts';
import { type Endpoint, openEndpoint } from '../../support/endpoint.ts';
import { mailbox } from './clients.ts';

const anybody = { senders: [], addresses: [], needsLogin: false };

/**
 * An SMTP endpoint for one test. Channel `acme` (password `secret`) takes mail for its mailbox from anybody, unless the
 * rules say otherwise; `other` for `other@here.example`.
 */
export const endpoint = (
  settings: Readonly<Record<string, unknown>> = {},
  rules: Partial<MailRules> = {},
  clock?: Clock,
): Promise<Endpoint> =>
  openEndpoint(
    settings.protocol === 'smtps' ? smtps : smtp,
    { hostname: 'mx.here.example', ...settings },
    [
      { login: 'acme', password: 'secret', mail: { recipients: [mailbox], ...anybody, ...rules } },
      { login: 'other', password: 'secret', mail: { recipients: ['other@here.example'], ...anybody } },
    ],
    clock,
  );
