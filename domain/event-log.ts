/** Where a server's event log is: in its data directory, or in EventStoreDB. */
import { z } from 'zod';
import { secret } from './secret.ts';

const host = '[A-Za-z0-9](?:[A-Za-z0-9._-]{0,253})(?::\\d{1,5})?';
const shape = new RegExp(`^esdb(\\+discover)?://(${host}(?:,${host})*)/?(?:\\?(.*))?$`);
const milliseconds = /^\d{1,9}$/;

/** The settings that may stand after the "?", and what is right for each. */
const settings: Readonly<Record<string, readonly [RegExp, string]>> = {
  tls: [/^(true|false)$/, 'true or false'],
  tlsCAFile: [/./, 'a file'],
  userCertFile: [/./, 'a file'],
  userKeyFile: [/./, 'a file'],
  nodePreference: [/^leader$/, 'leader, which is the default: only it has the newest events'],
  connectionName: [/^[\w.-]{1,100}$/, 'letters, digits, ".", "_" and "-"'],
  discoveryInterval: [milliseconds, 'milliseconds'],
  gossipTimeout: [/^\d{1,3}$/, 'seconds'],
  maxDiscoverAttempts: [/^[1-9]\d{0,3}$/, 'a number from 1'],
  keepAliveInterval: [/^[1-9]\d{4,8}$/, 'milliseconds, at least 10000'],
  keepAliveTimeout: [/^[1-9]\d{3,8}$/, 'milliseconds, at least 1000'],
};

/** The settings of a connection string that name files. */
export const fileSettings: readonly string[] = ['tlsCAFile', 'userCertFile', 'userKeyFile'];

/** A connection string in its parts; the settings are decoded. */
export type Connection = {
  readonly scheme: string;
  readonly hosts: string;
  readonly settings: ReadonlyMap<string, string>;
};

/** Parses a connection string without a user, or says in a sentence what is wrong, never with a part of the text that may be secret. */
export const parseConnection = (text: string): Connection | string => {
  if (text.length > 2_000) return 'it is longer than 2000 characters';
  if (text.includes('@'))
    return 'a user and password do not stand in the connection string; write { url, user, password: { file: ... } }';
  const [, discover = '', hosts, query = ''] = shape.exec(text) ?? [];
  if (hosts === undefined)
    return 'write esdb://host:2113 for one server, esdb://a:2113,b:2113,c:2113 for a cluster, or esdb+discover://name:2113';
  const found = new Map<string, string>();
  for (const part of query.split('&').filter((each) => each !== '')) {
    const [name = '', value = ''] = part.split('=');
    const rule = Object.hasOwn(settings, name) ? settings[name] : undefined;
    if (rule === undefined) return `there is no setting of that name; there is: ${Object.keys(settings).join(', ')}`;
    const decoded = decoding(value);
    if (decoded === undefined || !rule[0].test(decoded)) return `${name} must be ${rule[1]}`;
    found.set(name, decoded);
  }
  if (found.get('tls') === 'false' && found.has('tlsCAFile')) return 'with tls=false there is no use for tlsCAFile';
  if (found.has('userCertFile') !== found.has('userKeyFile')) return 'userCertFile and userKeyFile go together';
  return { scheme: `esdb${discover}`, hosts, settings: found };
};

const decoding = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
};

const connection = z.string().superRefine((text, context) => {
  const parsed = parseConnection(text);
  if (typeof parsed === 'string') context.addIssue({ code: 'custom', message: parsed });
});

const signedIn = z
  .strictObject({
    url: connection.describe('The connection string, without a user.'),
    user: z.string().min(1).max(100).describe('Who this server is in EventStoreDB.'),
    password: secret.describe('Its password.'),
  })
  .superRefine(({ url }, context) => {
    const parsed = parseConnection(url);
    if (typeof parsed !== 'string' && parsed.settings.get('tls') === 'false')
      context.addIssue({
        code: 'custom',
        path: ['url'],
        message: 'with tls=false no user is signed in; remove tls=false, or the user and its password',
      });
  });

/** The setting: absent for the log in the data directory. */
export const eventLogSettings = z
  .union([connection, signedIn], {
    error: 'write a connection string (esdb://host:2113), or { url, user, password }',
  })
  .optional()
  .describe(
    'Where the event log is kept: absent, in the data directory; esdb://…, in EventStoreDB, beside what else is kept there.',
  );

/** The connection string that the settings mean, with the password in it: never to be shown. */
export const connectionString = (
  { scheme, hosts, settings }: Connection,
  signIn: { readonly user: string; readonly password: string } | undefined,
): string => {
  const who = signIn === undefined ? '' : `${encodeURIComponent(signIn.user)}:${encodeURIComponent(signIn.password)}@`;
  const query = [...settings].map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
  return `${scheme}://${who}${hosts}${query === '' ? '' : `?${query}`}`;
};
