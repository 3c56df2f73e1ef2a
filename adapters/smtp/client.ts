/** SMTP as a client of partners' mail servers, or of a smarthost. */

import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { hostname } from 'node:os';
import { TLSSocket } from 'node:tls';
import { isLeft } from 'fp-ts/lib/Either.js';
import type SMTPConnection from 'nodemailer/lib/smtp-connection';
import { z } from 'zod';
import { type Failure, failing, failureIn, permanent, temporary } from '../../domain/failure.ts';
import { mailAddress } from '../../domain/mail.ts';
import {
  type ConnectStep,
  type PartnerContext,
  type PartnerPlace,
  type PartnerSession,
  partnerProtocol,
} from '../../domain/partner.ts';
import { attempt } from '../shared/attempt.ts';
import { codeOf } from '../shared/failing.ts';
import { closed, lifeline } from '../shared/lifeline.ts';
import {
  badCredentials,
  linkBroken,
  nameOf,
  said,
  timeout,
  unknownHost,
  unreachable,
} from '../shared/partner-failures.ts';
import { tlsOptions, tlsSettings } from '../shared/partner-tls.ts';
import { distrust } from '../shared/trust.ts';
import { exchangesOf } from './exchanges.ts';
import { partnerSession } from './partner-session.ts';

const common = {
  from: mailAddress.describe('Whom our mail is from: envelope and From.'),
  to: z.array(mailAddress).min(1, 'name at least one address').max(100).describe('Whom it is for.'),
  subject: z
    .string()
    .min(1)
    .max(500)
    .regex(/^\P{Cc}*$/u, 'one line')
    .default('{name}')
    .describe('The subject, with {name} of the file and {id} of the transfer.'),
  text: z.string().max(10_000).default('').describe('What stands beside the file, with the same.'),
  reports: z
    .array(z.enum(['success', 'failure', 'delay']))
    .default(['failure', 'delay'])
    .describe('Delivery reports that are asked for of servers that offer it (DSN); they come back to `from`.'),
  login: z.string().max(255).default('').describe('Whom we log in as; absent: we do not.'),
  ...tlsSettings,
};

const started = z.strictObject({
  protocol: z.literal('smtp'),
  tls: z
    .enum(['required', 'opportunistic', 'none'])
    .default('required')
    .describe(
      'required: STARTTLS, and the certificate is looked at. opportunistic: encrypted where the server can, whoever it is, and no login goes there. none: in clear.',
    ),
  lookup: z
    .enum(['host', 'mx'])
    .default('host')
    .describe('host: `hosts` are mail servers. mx: they are domains, and the DNS names the mail servers of each.'),
  dns: z
    .array(
      z
        .string()
        .max(64)
        .regex(
          /^(\d+(\.\d+){3}(:\d+)?|\[[0-9A-Fa-f:.]+\](:\d+)?)$/,
          'an IP address, or one with a port; IPv6 in brackets',
        ),
    )
    .max(5)
    .default([])
    .describe("With lookup: mx: DNS servers that are asked; absent: the machine's own."),
  privateAddresses: z
    .boolean()
    .default(false)
    .describe('With lookup: mx: mail servers at private addresses are gone to as well.'),
  ...common,
});

const strangersLogin =
  'a login does not go with lookup: mx, where the DNS says who is given the password: name the mail servers in `hosts`, or take the login away';

const secured = z.strictObject({ protocol: z.literal('smtps'), ...common });

/** The settings of a channel's partner section. */
type MailSettings = z.infer<typeof started> | z.infer<typeof secured>;
type Tls = 'implicit' | z.infer<typeof started>['tls'];

const connect = (settings: MailSettings, tls: Tls, place: PartnerPlace, context: PartnerContext, address?: string) =>
  attempt(
    async (): Promise<PartnerSession> => {
      const { clock, connectTimeout = 30_000 } = context;
      let socket: Socket | undefined;
      let client: SMTPConnection | undefined;
      const life = lifeline(clock, () => {
        client?.close();
        socket?.destroy();
      });
      let at: ConnectStep = 'name';
      const begin = (step: ConnectStep): void => {
        at = step;
        context.onStep?.(step);
      };
      const comeIn = async (): Promise<SMTPConnection> => {
        if (address === undefined) {
          begin('name');
          await lookup(place.host);
        }
        begin('port');
        socket = connectTcp(place.port, address ?? place.host);
        await once(socket, 'connect');
        if (tls === 'required' || tls === 'implicit') begin('tls');
        // Loaded where it is wanted.
        const { default: Connection } = await import('nodemailer/lib/smtp-connection');
        client = new Connection({
          connection: socket,
          host: place.host,
          name: hostname(),
          secure: tls === 'implicit',
          requireTLS: tls === 'required',
          ignoreTLS: tls === 'none',
          opportunisticTLS: tls === 'opportunistic',
          socketTimeout: 300_000,
          tls: tlsOptions(place, settings.minVersion),
        });
        await answered(client, (done) => client?.connect(done));
        trustOrThrow(client, settings, tls, place, context);
        if (place.login === '') return client;
        begin('login');
        if (tls === 'opportunistic')
          throw failing(permanent('insecure', 'a login needs tls: required, or none where nobody else can listen'));
        const credentials = { user: place.login, pass: place.credentials.password ?? '' };
        await answered(client, (done) => client?.login({ credentials }, done));
        return client;
      };
      try {
        const late = timeout(place, connectTimeout, 'coming in');
        const opened = await life.within(connectTimeout, late, comeIn());
        return partnerSession({ client: opened, life, place, settings, clock });
      } catch (error) {
        life.end(closed);
        throw failing(failureIn(error) ?? failureAt(at, place, error));
      }
    },
    (error) => failureIn(error) ?? linkBroken(place, error instanceof Error ? error.message : 'no reason is known'),
  );

/** To the first mail server of a domain that answers and lets us in. Whoever refuses us for good is heeded. */
const connectToDomain = (settings: z.infer<typeof started>, place: PartnerPlace, context: PartnerContext) =>
  attempt(
    async (): Promise<PartnerSession> => {
      if (place.login !== '') throw failing(permanent('insecure', strangersLogin));
      context.onStep?.('name');
      let last: Failure | undefined;
      for (const { name, address } of await exchangesOf(place.host, settings)) {
        const session = await connect(settings, settings.tls, { ...place, host: name }, context, address)();
        if (!isLeft(session)) return session.right;
        last = session.left;
        if (last.lasting === 'permanent') break;
      }
      throw failing(last ?? unknownHost(place, undefined));
    },
    (error) => failureIn(error) ?? unknownHost(place, error),
  );

/** Waits for the callback, or for the error that comes instead of it. */
const answered = (client: SMTPConnection, ask: (done: (error?: Error | null) => void) => void): Promise<void> =>
  new Promise((resolve, reject) => {
    client.once('error', reject);
    ask((error) => {
      client.off('error', reject);
      client.on('error', () => undefined);
      if (error) reject(error);
      else resolve();
    });
  });

const trustOrThrow = (
  client: SMTPConnection,
  { verify }: MailSettings,
  tls: Tls,
  place: PartnerPlace,
  { clock, onSeen }: PartnerContext,
): void => {
  if (tls === 'none' || tls === 'opportunistic') return;
  const socket: unknown = client._socket;
  const why =
    socket instanceof TLSSocket
      ? distrust(socket, place, verify, clock.now(), (...seen) => onSeen?.(...seen))
      : permanent('insecure', `the server at ${nameOf(place)} does not encrypt`);
  if (why !== undefined) throw failing(why);
};

type Told = { readonly responseCode?: number; readonly code?: string; readonly message?: string };

const failureAt = (step: ConnectStep, place: PartnerPlace, error: unknown): Failure => {
  const { responseCode: answer, code, message = '' } = error as Told;
  if (step === 'name') return unknownHost(place, error);
  if (answer === 421 || (answer !== undefined && answer >= 400 && answer < 500))
    return temporary('busy', `the server at ${nameOf(place)} takes nobody now: ${said(message)}`);
  if (step === 'port') return codeOf(error) === undefined ? linkBroken(place, message) : unreachable(place, error);
  if (step === 'tls' && (code === 'ETLS' || /SSL|EPROTO/.test(`${code} ${message}`)))
    return permanent(
      'insecure',
      `the server at ${nameOf(place)} does not speak the TLS that we ask for: ${said(message)}`,
    );
  if (step === 'login' && (code === 'EAUTH' || answer !== undefined)) return badCredentials(place);
  return linkBroken(place, message);
};

/** SMTP, as channels' `partner` sections name it. */
export const smtpPartner = partnerProtocol({
  settings: started,
  port: () => 25,
  sendsOnly: true,
  objection: ({ lookup, login }) => (lookup === 'mx' && login !== '' ? strangersLogin : undefined),
  connect: (settings, place, context) =>
    settings.lookup === 'mx'
      ? connectToDomain(settings, place, context)
      : connect(settings, settings.tls, place, context),
});

/** SMTP over TLS from the first byte. */
export const smtpsPartner = partnerProtocol({
  settings: secured,
  port: () => 465,
  sendsOnly: true,
  connect: (settings, place, context) => connect(settings, 'implicit', place, context),
});
