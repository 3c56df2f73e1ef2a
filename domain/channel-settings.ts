/** A channel's section in inner's config: who may come in, and the partner's own server. */
import { z } from 'zod';
import { certificateFingerprint, plainName } from './channel.ts';
import { mailAddress, mailPolicy } from './mail.ts';
import { network } from './network.ts';
import { partnerBase } from './partner.ts';
import type { Protocol } from './protocol.ts';
import { secret } from './secret.ts';
import { duration, size } from './units.ts';

const hasProof = (channel: {
  readonly password?: unknown;
  readonly verifier?: unknown;
  readonly publicKeys: readonly string[];
  readonly clientCertificates: readonly string[];
}): boolean =>
  channel.password !== undefined ||
  channel.verifier !== undefined ||
  channel.publicKeys.length > 0 ||
  channel.clientCertificates.length > 0;

/** Mail that is taken over SMTP. */
const mail = z.strictObject({
  recipients: z
    .array(mailAddress)
    .min(1, 'name at least one address')
    .max(1000)
    .describe("Addresses that are this channel's own: `orders@example.com`, or `*@example.com`."),
  senders: z
    .array(mailAddress)
    .max(1000)
    .default([])
    .describe('From whom mail is taken (the envelope); empty: from anybody. A sender is only a claim.'),
  addresses: z
    .array(network)
    .max(1000)
    .default([])
    .describe('IP addresses and networks from which mail is taken; empty: from anywhere.'),
  needsLogin: z
    .boolean()
    .optional()
    .describe('Only who has logged in may send. Absent: so it is where the channel has a login.'),
  policy: mailPolicy.optional().describe('What must be proved of mail whose sender has not logged in.'),
});

/** What every channel says of its partner's own server; the rest is its protocol's business. */
export type PartnerConfig = { readonly protocol: string } & z.infer<z.ZodObject<typeof partnerBase>>;

/** The partner's own server, by whichever protocol is named. */
const partner = (protocols: readonly Protocol[]): z.ZodType<PartnerConfig> => {
  const clients = protocols.flatMap((each) => (each.partner === undefined ? [] : [each.partner.settings]));
  return z.discriminatedUnion('protocol', clients.map((each) => each.extend(partnerBase).extend(each.shape)) as never, {
    error: `protocol must be one of ${protocols.flatMap((each) => (each.partner ? [each.name] : [])).join(', ')}`,
  });
};

/** One channel, as inner's config has it. */
export const channel = (protocols: readonly Protocol[]) =>
  z
    .strictObject({
      name: plainName,
      login: z
        .string()
        .min(1)
        .max(128)
        .optional()
        .describe('What the partner logs in as; absent: nobody logs in to this channel.'),
      password: secret.optional().describe('The password, by environment or file.'),
      verifier: z
        .string()
        .startsWith('$argon2id$')
        .max(512)
        .optional()
        .describe('An argon2id string instead of the password.'),
      publicKeys: z.array(z.string().max(16_384)).max(20).default([]).describe('Lines as in authorized_keys.'),
      clientCertificates: z
        .array(certificateFingerprint)
        .max(20)
        .default([])
        .describe(
          'SHA-256 of TLS client certificates, each `sha256:` and 64 hex digits: they log in over HTTPS without more, over FTPS by USER alone. The listener needs `clientCa`.',
        ),
      mail: mail.optional().describe('Mail to these addresses is data of this channel; absent: it takes no mail.'),
      partner: partner(protocols).optional().describe("The partner's own server, to fetch from and to send to."),
      invisibleToDmz: z.boolean().default(false).describe('Not replicated to dmz: the channel does not exist there.'),
      temporaryNames: z
        .array(z.string().min(1).max(255))
        .max(50)
        .default(['*.tmp', '*.part', '*.filepart', '.*'])
        .describe('Files of these names make no transfer until they are renamed.'),
      completeOn: z
        .enum(['close', 'rename', 'marker'])
        .default('close')
        .describe('When a file is complete: at its close, at its rename, or when its marker file follows.'),
      markerSuffix: z
        .string()
        .min(1)
        .max(32)
        .default('.ok')
        .describe('With completeOn: marker, `order.xml.ok` completes `order.xml`.'),
      maxSize: size.prefault('100 GiB').describe('Largest file.'),
      maxSessions: z.number().int().positive().default(50).describe('Sessions at the same time.'),
      provided: z
        .strictObject({
          keepFor: duration.prefault('14d').describe('How long a provided file waits to be picked up.'),
          afterPickUp: z
            .enum(['keep', 'delete'])
            .default('keep')
            .describe('keep: it stays until `keepFor` is over. delete: it goes once it was read to its end.'),
        })
        .prefault({})
        .describe('Files that are provided in the home of this channel.'),
    })
    .refine((c) => c.password === undefined || c.verifier === undefined, 'give password or verifier, not both')
    .refine(
      (c) => c.login === undefined || hasProof(c),
      'give a password, a verifier, public keys or client certificates: nobody could log in otherwise',
    )
    .refine((c) => c.login !== undefined || !hasProof(c), 'give a login, too: whose password or keys are these?')
    .refine(
      (c) => c.login !== undefined || c.partner !== undefined || c.mail !== undefined,
      'give a login, a section "partner" or "mail": nothing can come or go otherwise',
    )
    .refine(
      (c) => c.login !== undefined || c.mail?.needsLogin !== true,
      'give a login, too, or take needsLogin away: nobody could send mail otherwise',
    );
export type ChannelConfig = z.infer<ReturnType<typeof channel>>;
