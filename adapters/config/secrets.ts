/** What a config names but does not hold: passwords and key files. No problem's text holds a part of their content. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { resolve } from 'node:path';
import type { Config, Problem } from '../../domain/config.ts';
import { connectionString, fileSettings, parseConnection } from '../../domain/event-log.ts';
import type { Credentials } from '../../domain/partner.ts';
import type { Secret } from '../../domain/secret.ts';
import type { LoadedConfig } from '../shared/loaded-config.ts';
import { readText } from '../shared/read-file.ts';

/** Either the value, or what is wrong. */
type Found = { readonly value: string } | { readonly problem: string };

/** The channels' passwords, and the problems of those that cannot be had. */
export const readSecrets = async (
  config: Config,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<{ readonly secrets: ReadonlyMap<string, string>; readonly problems: readonly Problem[] }> => {
  const secrets = new Map<string, string>();
  const problems: Problem[] = [];
  for (const [i, channel] of (config.role === 'inner' ? config.channels : []).entries()) {
    if (channel.password === undefined) continue;
    const found = await secretOf(channel.password, environment);
    if ('value' in found) secrets.set(channel.name, found.value);
    else problems.push({ path: `channels[${i}].password`, problem: found.problem });
  }
  return { secrets, problems };
};

/** Whom we are at the servers of channels' partners, and the problems of what cannot be had. */
export const readCredentials = async (
  config: Config,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<{
  readonly credentials: ReadonlyMap<string, Credentials>;
  readonly problems: readonly Problem[];
}> => {
  const credentials = new Map<string, Credentials>();
  const problems: Problem[] = [];
  for (const [i, { name, partner }] of (config.role === 'inner' ? config.channels : []).entries()) {
    if (partner === undefined) continue;
    const own: { -readonly [Name in keyof Credentials]: string } = {};
    for (const what of ['password', 'privateKey'] as const) {
      const secret = partner[what];
      if (secret === undefined) continue;
      const found = await secretOf(secret, environment, what === 'password' ? longestPassword : longestKey);
      if ('value' in found) own[what] = found.value;
      else problems.push({ path: `channels[${i}].partner.${what}`, problem: found.problem });
    }
    // Whichever protocol has certificates.
    const files = partner as { readonly ca?: string; readonly certificate?: string };
    for (const [what, as] of [['ca', 'authorities'] as const, ['certificate', 'certificate'] as const]) {
      const file = files[what];
      const found = file === undefined ? undefined : await pemOf(file);
      if (found !== undefined && 'problem' in found)
        problems.push({ path: `channels[${i}].partner.${what}`, problem: found.problem });
      else if (found !== undefined) own[as] = found.value;
    }
    credentials.set(name, own);
  }
  return { credentials, problems };
};

const pemOf = async (file: string): Promise<Found> => {
  const found = await content(file, 1024 * 1024);
  if ('problem' in found || attempted(() => new X509Certificate(found.value)) !== undefined) return found;
  return { problem: `${file}: it is not a certificate in PEM` };
};

const longestPassword = 1024;
const longestKey = 65_536;

const secretOf = async (
  secret: Secret,
  environment: Readonly<Record<string, string | undefined>>,
  longest = longestPassword,
): Promise<Found> => {
  if ('env' in secret) {
    const value = environment[secret.env];
    return value === undefined || value === ''
      ? { problem: `the environment variable ${secret.env} is not set; set it for the user that runs the server` }
      : bounded(value, `the environment variable ${secret.env}`, longest);
  }
  const found = await content(secret.file, 2 * longestKey);
  return 'value' in found ? bounded(found.value.replace(/\r?\n$/, ''), secret.file, longest) : found;
};

const bounded = (value: string, where: string, longest: number): Found => {
  if (value === '') return { problem: `${where} is empty; write the secret into it` };
  if (value.length > longest) return { problem: `${where} holds more than ${longest} characters; that is too much` };
  return { value };
};

/** The connection string of the event log: its files' paths absolute, its password found. */
export const readEventLog = async (
  { eventLog }: Pick<Config, 'eventLog'>,
  directory: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<{ readonly eventLog: string | undefined; readonly problems: readonly Problem[] }> => {
  if (eventLog === undefined) return { eventLog, problems: [] };
  const { url, ...signIn } = typeof eventLog === 'string' ? { url: eventLog } : eventLog;
  const parsed = parseConnection(url);
  if (typeof parsed === 'string') throw new Error('a connection string was decoded that cannot be parsed');
  const problems: Problem[] = [];
  const settings = new Map(parsed.settings);
  for (const name of fileSettings) {
    const file = settings.get(name);
    if (file === undefined) continue;
    settings.set(name, resolve(directory, file));
    const found = await content(resolve(directory, file), 1024 * 1024);
    if ('problem' in found) problems.push({ path: 'eventLog', problem: `${name}: ${found.problem}` });
  }
  if (!('password' in signIn)) return { eventLog: connectionString({ ...parsed, settings }, undefined), problems };
  const found = await secretOf(signIn.password, environment);
  if ('problem' in found) problems.push({ path: 'eventLog.password', problem: found.problem });
  const password = 'value' in found ? found.value : '';
  return { eventLog: connectionString({ ...parsed, settings }, { user: signIn.user, password }), problems };
};

/** The link's PEM files, and what is wrong with them: not readable, not PEM, or a key that is not the certificate's. */
export const readTls = async (
  config: Config,
): Promise<{ readonly tls: LoadedConfig['tls']; readonly problems: readonly Problem[] }> => {
  const problems: Problem[] = [];
  const read = async <A>(name: 'ca' | 'certificate' | 'key', parse: (pem: string) => A, right: string) => {
    const file = config.messageService[name];
    const found = await content(file, 1024 * 1024);
    if ('value' in found) {
      const parsed = attempted(() => parse(found.value));
      if (parsed !== undefined) return { pem: found.value, parsed };
    }
    const problem = 'problem' in found ? found.problem : `${file}: it is not ${right}`;
    problems.push({ path: `messageService.${name}`, problem });
    return { pem: '', parsed: undefined };
  };
  const ca = await read(
    'ca',
    (pem) => new X509Certificate(pem),
    'a certificate in PEM; name the ca.crt that `sallyport keys create` wrote',
  );
  const certificate = await read(
    'certificate',
    (pem) => new X509Certificate(pem),
    'a certificate in PEM; name the <node>.crt that `sallyport keys create` wrote',
  );
  const key = await read(
    'key',
    createPrivateKey,
    'an unencrypted private key in PEM; name the <node>.key that `sallyport keys create` wrote',
  );
  if (certificate.parsed !== undefined && key.parsed !== undefined && !certificate.parsed.checkPrivateKey(key.parsed))
    problems.push({
      path: 'messageService.key',
      problem: 'this is not the key of messageService.certificate; name the two of one node',
    });
  return { tls: { ca: ca.pem, certificate: certificate.pem, key: key.pem }, problems };
};

const content = (file: string, longest: number): Promise<Found> =>
  readText(file, longest).then(
    (value) => ({ value }),
    (error: unknown) => ({ problem: `${file}: ${error instanceof Error ? error.message : String(error)}` }),
  );

const attempted = <A>(run: () => A): A | undefined => {
  try {
    return run();
  } catch {
    return undefined;
  }
};
