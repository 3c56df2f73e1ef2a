/** Who somebody is: Basic (RFC 7617), a bearer token (RFC 6750), or the certificate of the TLS handshake. */
import { isLeft, left } from 'fp-ts/lib/Either.js';
import { type Decision, refusal } from '../../domain/failure.ts';
import type { Intake, LoginAttempt, Session } from '../../domain/intake.ts';

/** What a request shows of who made it. */
export type Shown = {
  readonly protocol: string;
  readonly address: string;
  /** One of them must be the login's; for a token or a certificate there must be one alone, whose it is. */
  readonly channels: readonly string[];
  readonly authorization: string | undefined;
  /** The fingerprint of the client's certificate, where it is one that counts. */
  readonly certificate: string | undefined;
};

const longestLogin = 128;
const longestPassword = 1024;
const wrong = refusal('badCredentials', 'login or password is wrong');
const none = refusal('badCredentials', 'log in: by Basic, by a bearer token, or over https by a client certificate');

/** A session of one of the channels that are named, or why not. */
export const enter = async (intake: Intake, shown: Shown): Promise<Decision<Session>> => {
  const attempt = attemptOf(shown);
  if (attempt === undefined) return left(shown.authorization === undefined ? none : wrong);
  const { proof } = attempt;
  if (proof.kind === 'clientCertificate') {
    // A certificate that nobody lists is no failed login: perhaps it was shown to everybody.
    const would = await intake.wouldAccept(attempt)();
    if (isLeft(would) || !would.right) return left(isLeft(would) ? would.left : none);
  }
  const session = await intake.login(attempt)();
  if (isLeft(session)) return session.left.reason === 'badCredentials' ? left(wrong) : session;
  if (shown.channels.includes(session.right.channel)) return session;
  await session.right.close();
  return left(refusal('notPermitted', 'this URL is not for this login'));
};

const attemptOf = ({ protocol, address, channels, authorization, certificate }: Shown): LoginAttempt | undefined => {
  const [channel = '', ...others] = channels;
  const by = { protocol, address, login: channel, named: 'channel' } as const;
  const isNamed = others.length === 0 && channel.length <= longestLogin;
  if (authorization === undefined)
    return certificate === undefined || !isNamed
      ? undefined
      : { ...by, proof: { kind: 'clientCertificate', fingerprint: certificate } };
  const token = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i.exec(authorization)?.[1];
  if (token !== undefined)
    return token.length > longestPassword || !isNamed
      ? undefined
      : { ...by, proof: { kind: 'password', password: token } };
  const encoded = /^basic +([A-Za-z0-9+/]+=*)$/i.exec(authorization)?.[1] ?? '';
  const [, login, password] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, 'base64').toString()) ?? [];
  if (login === undefined || password === undefined) return undefined;
  if (login.length > longestLogin || password.length > longestPassword) return undefined;
  return { protocol, address, login, proof: { kind: 'password', password } };
};
