/** Where a mail comes from, so far as that can be proved: SPF and DKIM, where a channel wants them. */
import { type MailChecks, type MailPolicy, mailObjection } from '../../domain/mail.ts';
import type { Clock } from '../../domain/ports.ts';
import { type Reply, reply } from '../shared/replies.ts';
import { checkDkim, type DkimCheck } from './dkim.ts';
import { type DnsSettings, openDns } from './dns.ts';
import { checkSpf } from './spf.ts';

/** Who sends, and from where. */
export type Origin = { readonly sender: string; readonly address: string; readonly helo: string };

/** The checks of one mail, as it goes by. */
export type Checking = {
  readonly header: (bytes: Buffer) => void;
  readonly body: (bytes: Buffer) => void;
  /** What was found; or the reply to a mail that is not taken for it. */
  readonly end: () => Promise<MailChecks | Reply | undefined>;
};

/** Begins them; nothing is asked of anybody where nothing is wanted. */
export const beginChecks = (policy: MailPolicy, origin: Origin, settings: DnsSettings, clock: Clock): Checking => {
  let dkim: DkimCheck | undefined;
  return {
    header: (bytes) => {
      if (policy.dkim !== 'off') dkim = checkDkim(bytes, clock.now());
    },
    body: (bytes) => dkim?.body(bytes),
    end: async () => {
      if (policy.spf === 'off' && policy.dkim === 'off') return undefined;
      const dns = openDns(settings, clock);
      try {
        const [spf, signatures] = await Promise.all([
          policy.spf === 'off' ? undefined : checkSpf(dns, origin),
          dkim?.end(dns),
        ]);
        const checks = { ...(spf && { spf }), ...(signatures && { dkim: [...signatures] }) };
        const objection = mailObjection(policy, checks, origin.sender);
        if (objection === undefined) return checks;
        return reply(objection.later ? 451 : 550, objection.text);
      } finally {
        dns.close();
      }
    },
  };
};
