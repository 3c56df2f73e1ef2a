/** SFTP as a client of partners' own servers. */
import { createPrivateKey } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { z } from 'zod';
import { failing, failureIn, permanent } from '../../domain/failure.ts';
import { type PartnerClient, partnerProtocol } from '../../domain/partner.ts';
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
  untrusted,
} from '../shared/partner-failures.ts';
import { type Dialled, dial, type Target } from './dial.ts';
import { fingerprint } from './fingerprint.ts';
import { partnerSession } from './partner-session.ts';

const settings = z.strictObject({ protocol: z.literal('sftp') });

const connect: PartnerClient<z.infer<typeof settings>> = (_, place, context) =>
  attempt(
    async () => {
      const { clock, onStep, onSeen, connectTimeout = 30_000 } = context;
      const ending = new AbortController();
      const life = lifeline(clock, () => ending.abort(life.why()));
      let seen = 'no host key was seen';
      const target: Target = {
        host: place.host,
        port: place.port,
        login: place.login,
        key: readable(place.credentials.privateKey),
        password: place.credentials.password,
        expects: (hostKey) => {
          seen = fingerprint(hostKey);
          onSeen?.(seen);
          return place.trusted.includes(seen);
        },
        onConnected: () => onStep?.('hostKey'),
        onKnown: () => onStep?.('login'),
        failures: {
          unreachable: (error) => unreachable(place, error),
          stranger: () => untrusted(place, 'host key', seen),
          notAdmitted: () => badCredentials(place),
          handshake: (how) =>
            permanent(
              'insecure',
              `the server at ${nameOf(place)} and we have no safe algorithms in common: ${said(how)}`,
            ),
          broken: (how) => linkBroken(place, how),
        },
      };
      const coming = async (): Promise<Dialled> => {
        onStep?.('name');
        await lookup(place.host).catch((error: unknown) => {
          throw failing(unknownHost(place, error));
        });
        onStep?.('port');
        return dial(target, ending.signal);
      };
      try {
        const session = await life.within(connectTimeout, timeout(place, connectTimeout, 'coming in'), coming());
        session.broken.catch((error: unknown) => life.end(failureIn(error) ?? linkBroken(place, 'it was cut')));
        return partnerSession({ ...session, life, place, clock });
      } catch (error) {
        life.end(closed);
        throw error;
      }
    },
    (error) => failureIn(error) ?? linkBroken(place, error instanceof Error ? error.message : 'no reason is known'),
  );

/** A private key as ssh2 reads it: it knows every form but PKCS#8. */
const readable = (pem: string | undefined): string | undefined => {
  if (pem?.includes('BEGIN PRIVATE KEY') !== true) return pem;
  try {
    const key = createPrivateKey(pem);
    const type = key.asymmetricKeyType === 'rsa' ? 'pkcs1' : 'sec1';
    return key.export({ type, format: 'pem' }) as string;
  } catch {
    throw failing(
      permanent(
        'badKey',
        'the private key is of a kind that SSH does not know; write it anew with ssh-keygen -p -f <file>',
      ),
    );
  }
};

/** SFTP, as channels' `partner` sections name it. */
export const sftpPartner = partnerProtocol({ settings, port: () => 22, connect });
