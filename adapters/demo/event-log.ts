/** Where the demo's servers keep their event logs. */
import { join } from 'node:path';
import { parseConnection } from '../../domain/event-log.ts';

/** What `--event-log` means for the configs: its lines there, and the password, which stands in a file of its own. */
export type DemoEventLog = { readonly lines: string; readonly password?: string };

/** The lines where the log is in the data directory, as it is without the option. */
export const ownEventLog: DemoEventLog = {
  lines:
    '# eventLog: esdb://127.0.0.1:2113?tls=false # in EventStoreDB, not in the data directory: docs/tasks/eventstoredb.md',
};

/** The file of the password, beside the configs. */
export const passwordFile = (data: string): string => join(data, 'eventstore.password');

/** Reads the option: a connection string, with `user:password@` before its host where one is needed. Throws a sentence. */
export const demoEventLog = (asked: string | undefined): DemoEventLog => {
  if (asked === undefined) return ownEventLog;
  const [, scheme = '', user, password, rest = ''] = /^([\w+]+:\/\/)(?:([^:@/]+):([^@/]+)@)?(.*)$/s.exec(asked) ?? [];
  const url = scheme + rest;
  const parsed = parseConnection(url);
  if (typeof parsed === 'string') throw new Error(`--event-log: ${parsed}`);
  if (user === undefined || password === undefined) return { lines: `eventLog: ${JSON.stringify(url)}` };
  if (parsed.settings.get('tls') === 'false')
    throw new Error('--event-log: with tls=false no user is signed in; leave out tls=false, or the user');
  return {
    lines: `eventLog:
  url: ${JSON.stringify(url)}
  user: ${JSON.stringify(decoded(user))}
  password: { file: eventstore.password }`,
    password: decoded(password),
  };
};

const decoded = (part: string): string => {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new Error('--event-log: write a "%" in the user or password as %25');
  }
};
