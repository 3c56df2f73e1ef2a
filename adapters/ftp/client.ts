/** FTP and FTPS as a client of partners' own servers. */
import { lookup } from 'node:dns/promises';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { Client, FTPError } from 'basic-ftp';
import { z } from 'zod';
import { type Failure, failing, failureIn, permanent, temporary } from '../../domain/failure.ts';
import {
  type ConnectStep,
  type PartnerContext,
  type PartnerPlace,
  type PartnerSession,
  partnerProtocol,
} from '../../domain/partner.ts';
import { attempt } from '../shared/attempt.ts';
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
import { distrust, type Verify } from '../shared/trust.ts';
import { partnerSession } from './partner-session.ts';

const plain = z.strictObject({ protocol: z.literal('ftp') });

const secured = z.strictObject({
  protocol: z.literal('ftps'),
  mode: z
    .enum(['explicit', 'implicit'])
    .default('explicit')
    .describe('explicit: port 21, AUTH TLS. implicit: port 990, TLS from the first byte.'),
  ...tlsSettings,
});

type Tls = { readonly mode: 'explicit' | 'implicit'; readonly verify: Verify; readonly options: ConnectionOptions };

const connect = (place: PartnerPlace, context: PartnerContext, tls: Tls | undefined) =>
  attempt(
    async (): Promise<PartnerSession> => {
      const { clock, connectTimeout = 30_000 } = context;
      // The deadlines are ours.
      const client = new Client(0);
      const life = lifeline(clock, () => client.close());
      try {
        const late = timeout(place, connectTimeout, 'coming in');
        const features = await life.within(connectTimeout, late, comeIn(client, place, context, tls));
        return partnerSession({ client, life, place, features });
      } catch (error) {
        life.end(closed);
        throw error;
      }
    },
    (error) => failureIn(error) ?? linkBroken(place, error instanceof Error ? error.message : 'no reason is known'),
  );

/** Step by step, so that the step that failed gives its own failure; answers what the server can do. */
const comeIn = async (
  client: Client,
  place: PartnerPlace,
  { clock, onStep, onSeen }: PartnerContext,
  tls: Tls | undefined,
): Promise<ReadonlyMap<string, string>> => {
  const { host, port } = place;
  let at: ConnectStep = 'name';
  const begin = (step: ConnectStep): void => {
    at = step;
    onStep?.(step);
  };
  const trustOrThrow = (verify: Verify): void => {
    const why = distrust(client.ftp.socket as TLSSocket, place, verify, clock.now(), (...seen) => onSeen?.(...seen));
    if (why !== undefined) throw failing(why);
  };
  try {
    begin('name');
    await lookup(host);
    begin('port');
    if (tls?.mode === 'implicit') {
      const welcome = client.connectImplicitTLS(host, port, tls.options);
      client.ftp.socket.once('connect', () => begin('tls'));
      await welcome;
    } else {
      await client.connect(host, port);
    }
    if (tls?.mode === 'explicit') {
      begin('tls');
      await client.useTLS(tls.options);
    }
    if (tls !== undefined) trustOrThrow(tls.verify);
    begin('login');
    await client.login(place.login, place.credentials.password ?? '');
    return await settle(client, tls !== undefined);
  } catch (error) {
    throw failing(failureIn(error) ?? failureAt(at, place, error));
  }
};

/** What holds for the whole session: binary, UTF-8 names, and data as secure as commands (RFC 4217, section 9). */
const settle = async (client: Client, secure: boolean): Promise<ReadonlyMap<string, string>> => {
  const features = new Map([...(await client.features())].map(([name, value]) => [name.toUpperCase(), value]));
  if (features.has('UTF8')) await client.sendIgnoringError('OPTS UTF8 ON');
  await client.send('TYPE I');
  // Idle while data flows, which routers between take for dead.
  client.ftp.socket.setKeepAlive(true, 30_000);
  if (secure) {
    await client.sendIgnoringError('PBSZ 0');
    const { code } = await client.sendIgnoringError('PROT P');
    if (code !== 200) throw failing(permanent('insecure', 'the server does not secure data connections (PROT P)'));
  }
  return features;
};

const failureAt = (step: ConnectStep, place: PartnerPlace, error: unknown): Failure => {
  const text = error instanceof Error ? error.message : String(error);
  const code = String((error as { readonly code?: unknown }).code);
  const refused = error instanceof FTPError ? error.code : undefined;
  if (step === 'name') return unknownHost(place, error);
  if (refused === 421) return temporary('busy', `the server at ${nameOf(place)} takes no more sessions now`);
  if (step === 'port') return refused === undefined ? unreachable(place, error) : linkBroken(place, text);
  if (step === 'tls')
    return refused !== undefined || /SSL|EPROTO/.test(code)
      ? permanent('insecure', `the server at ${nameOf(place)} does not speak the TLS that we ask for: ${said(text)}`)
      : linkBroken(place, text);
  if (refused === undefined) return linkBroken(place, text);
  // What it says is looked at but not shown: it might repeat the password.
  if (/\b(TLS|SSL|encrypt\w*)\b/i.test(text))
    return permanent('insecure', `the server at ${nameOf(place)} wants encryption: use protocol ftps`);
  return refused >= 500
    ? badCredentials(place)
    : temporary('busy', `the server at ${nameOf(place)} lets nobody in now`);
};

/** Where a server lets its data connections come in is its own affair. */
const anyPort = [1024, 65_535] as const;

/** FTP without encryption, as channels' `partner` sections name it. */
export const ftpPartner = partnerProtocol({
  settings: plain,
  port: () => 21,
  dataPorts: anyPort,
  connect: (_, place, context) => connect(place, context, undefined),
});

/** FTPS (RFC 4217, and implicit TLS), as channels' `partner` sections name it. */
export const ftpsPartner = partnerProtocol({
  settings: secured,
  port: ({ mode }) => (mode === 'implicit' ? 990 : 21),
  dataPorts: anyPort,
  connect: ({ mode, verify, minVersion }, place, context) => {
    const options = tlsOptions(place, minVersion);
    return connect(place, context, { mode, verify, options });
  },
});
