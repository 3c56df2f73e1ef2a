/** HTTP and HTTPS as a client of partners' own servers: files are sent there, each by one request. */
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { z } from 'zod';
import { type Failure, failing, failureIn, permanent } from '../../domain/failure.ts';
import { type ConnectStep, type PartnerContext, type PartnerPlace, partnerProtocol } from '../../domain/partner.ts';
import { duration } from '../../domain/units.ts';
import { attempt } from '../shared/attempt.ts';
import { closed, lifeline } from '../shared/lifeline.ts';
import { linkBroken, nameOf, said, timeout, unknownHost, unreachable } from '../shared/partner-failures.ts';
import { tlsOptions, tlsSettings } from '../shared/partner-tls.ts';
import { distrust, type Verify } from '../shared/trust.ts';
import { partnerSession, type RequestSettings } from './partner-session.ts';
import { refusalOf } from './private-addresses.ts';

/** What we say ourselves, or what says how the request is to be read. */
const ours =
  /^(host|connection|keep-alive|te|trailer|upgrade|expect|via|content-(length|encoding|range|digest)|transfer-encoding|authorization|idempotency-key|proxy-.*)$/i;

const request = {
  method: z
    .enum(['PUT', 'POST'])
    .default('PUT')
    .describe('PUT may be repeated without harm. POST is for servers that take files in no other way.'),
  target: z
    .string()
    .max(2048)
    .regex(/^[/{][\x21-\x7e]*$/, 'a path such as /in/{name}, in printable ASCII without blanks')
    .refine((text) => !text.includes('#'), 'a target has no fragment (#)')
    .default('{directory}/{name}')
    .describe('Path and query of the request: {directory}, {name} and {id} (of the transfer) are filled in, encoded.'),
  auth: z
    .enum(['basic', 'bearer', 'none'])
    .default('basic')
    .describe('basic: login and password. bearer: the password is the token. none: nothing, or a client certificate.'),
  headers: z
    .record(
      z
        .string()
        .regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}$/, 'the name of a header')
        .refine((name) => !ours.test(name), 'this header is ours to say'),
      z.string().regex(/^[\x20-\x7e]{0,1024}$/, 'at most 1024 printable ASCII characters'),
    )
    .default({})
    .describe('More headers of each request, such as Content-Type. No secrets: they stand here in clear.'),
  privateAddresses: z
    .enum(['refuse', 'allow'])
    .default('refuse')
    .describe(
      'May a host name lead to a private or local address? An address that stands in `hosts` itself may be any.',
    ),
  answerTimeout: duration.prefault('2m').describe('How long the server may take to answer once it has the whole file.'),
};

const plain = z.strictObject({ protocol: z.literal('http'), ...request });
const secured = z.strictObject({ protocol: z.literal('https'), ...request, ...tlsSettings });

type Tls = { readonly verify: Verify; readonly options: ConnectionOptions };

const connect = (
  settings: RequestSettings & { readonly privateAddresses: 'refuse' | 'allow' },
  place: PartnerPlace,
  context: PartnerContext,
  tls: Tls | undefined,
) =>
  attempt(
    async () => {
      const { clock, connectTimeout = 30_000 } = context;
      let socket: Socket | undefined;
      const life = lifeline(clock, () => socket?.destroy());
      try {
        const coming = comeIn(place, context, tls, settings.privateAddresses === 'allow', (opened) => {
          socket = opened;
          if (life.why() !== undefined) opened.destroy();
        });
        const opened = await life.within(connectTimeout, timeout(place, connectTimeout, 'connecting'), coming);
        return partnerSession({ socket: opened, clock, life, place, settings });
      } catch (error) {
        life.end(closed);
        throw error;
      }
    },
    (error) => failureIn(error) ?? linkBroken(place, error instanceof Error ? error.message : 'no reason is known'),
  );

/** Step by step, so that the step that failed gives its own failure. There is no login: each request bears it. */
const comeIn = async (
  place: PartnerPlace,
  { clock, onStep, onSeen }: PartnerContext,
  tls: Tls | undefined,
  mayBePrivate: boolean,
  onSocket: (socket: Socket) => void,
): Promise<Socket> => {
  const { host, port } = place;
  let at: ConnectStep = 'name';
  const begin = (step: ConnectStep): void => {
    at = step;
    onStep?.(step);
  };
  try {
    begin('name');
    const { address } = await lookup(host);
    const refused = mayBePrivate || isIP(host) !== 0 ? undefined : refusalOf(place, address);
    if (refused !== undefined) throw failing(refused);
    begin('port');
    // Where the name has led to, and not where it leads to when it is asked for again.
    const socket = connectPlain({ host: address, port, noDelay: true });
    onSocket(socket);
    await once(socket, 'connect');
    socket.on('error', () => undefined);
    if (tls === undefined) return socket;
    begin('tls');
    const secure = connectTls({ ...tls.options, socket, ALPNProtocols: ['http/1.1'] });
    onSocket(secure);
    await once(secure, 'secureConnect');
    secure.on('error', () => undefined);
    const why = distrust(secure, place, tls.verify, clock.now(), (...seen) => onSeen?.(...seen));
    if (why !== undefined) throw failing(why);
    return secure;
  } catch (error) {
    throw failing(failureIn(error) ?? failureAt(at, place, error));
  }
};

const failureAt = (step: ConnectStep, place: PartnerPlace, error: unknown): Failure => {
  if (step === 'name') return unknownHost(place, error);
  if (step === 'port') return unreachable(place, error);
  const text = error instanceof Error ? error.message : String(error);
  return /SSL|EPROTO/.test(String((error as { readonly code?: unknown }).code))
    ? permanent('insecure', `the server at ${nameOf(place)} does not speak the TLS that we ask for: ${said(text)}`)
    : linkBroken(place, text);
};

/** HTTP without encryption, as channels' `partner` sections name it. */
export const httpPartner = partnerProtocol({
  settings: plain,
  port: () => 80,
  sendsOnly: true,
  connect: (settings, place, context) => connect(settings, place, context, undefined),
});

/** HTTPS, as channels' `partner` sections name it. */
export const httpsPartner = partnerProtocol({
  settings: secured,
  port: () => 443,
  sendsOnly: true,
  connect: (settings, place, context) => {
    const { verify, minVersion } = settings;
    return connect(settings, place, context, { verify, options: tlsOptions(place, minVersion) });
  },
});
