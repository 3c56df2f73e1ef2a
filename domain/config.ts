/** A server's configuration, decoded once; every problem is reported at once, and nobody else reads settings. */
import { type Either, left, right } from 'fp-ts/lib/Either.js';
import { z } from 'zod';
import { type ChannelConfig, channel } from './channel-settings.ts';
import { diskSettings } from './disk.ts';
import { eventLogSettings } from './event-log.ts';
import { collisions, fetchEndpoints, fetchPlace, fetchVia } from './fetch.ts';
import { recipientsNamedTwice } from './mail.ts';
import { missingDmz, waitingForDmz } from './needs-dmz.ts';
import { notificationSettings } from './notification.ts';
import { outboxSettings } from './outbox.ts';
import { profile } from './profile-settings.ts';
import type { Protocol } from './protocol.ts';
import { mostChannels } from './replication.ts';
import { dmzRetention, innerRetention } from './retention.ts';
import { mostRoutes, routeProblems, routeSettings } from './route.ts';
import { duration, filePath, size } from './units.ts';

/** One thing that is wrong: where in the file (and on which line, where that is known), what, and what would be right. */
export type Problem = { readonly path: string; readonly problem: string; readonly line?: number | undefined };

const node = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'lower-case letters, digits and "-", at most 63');
const port = z.number().int().min(0).max(65_535);
const host = z.string().min(1).max(255);

const peer = z.strictObject({
  node: node.describe("The node name in the peer's certificate."),
  fingerprint: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/, 'sha256: and 64 hex digits, as `sallyport keys show` prints them')
    .describe("SHA-256 of the peer's certificate. Removing the peer from this list revokes it."),
  host: host.optional().describe('Where to dial the peer; absent where only the peer dials.'),
  port: port.default(8020).describe("The peer's message service port."),
  fetch: fetchPlace,
});

const messageService = z.strictObject({
  mode: z
    .enum(['pushback', 'direct'])
    .default('pushback')
    .describe('pushback: only inner ever opens a connection. direct: each server dials the other.'),
  host: host.default('0.0.0.0').describe('Address to listen on (dmz; inner too in direct mode).'),
  port: port.default(8020).describe('Port to listen on.'),
  ca: filePath.describe("PEM file of the private CA that signed both servers' certificates."),
  certificate: filePath.describe("PEM file of this server's certificate."),
  key: filePath.describe("PEM file of this server's private key."),
  peers: z.array(peer).max(32).describe('The other servers; an inner without a dmz has none.'),
  maxMessageSize: size.prefault('16 MiB').describe('The largest message that is taken at all.'),
});

const logging = z
  .strictObject({
    level: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
    format: z.enum(['text', 'json']).default('text'),
  })
  .prefault({});

const retries = z
  .strictObject({
    attempts: z.number().int().min(1).max(1000).default(12).describe('Tries of a step before its transfer is held.'),
    firstDelay: duration.prefault('1s').describe('Wait after the first failed try; it doubles with each.'),
    longestDelay: duration.prefault('10m').describe('The longest wait between two tries.'),
  })
  .prefault({});

const common = {
  node: node.describe("This server's name; it stands in its certificate, too."),
  data: filePath.describe('Data directory; one server at a time.'),
  log: logging,
  retries,
  disk: diskSettings,
  eventLog: eventLogSettings,
  messageService,
  streamingSize: size
    .prefault('1 MiB')
    .describe('Payloads up to this size travel in the message; larger ones are fetched by inner.'),
};

const inner = (protocols: readonly Protocol[]) =>
  z.strictObject({
    role: z.literal('inner'),
    ...common,
    fetchVia,
    channels: z.array(channel(protocols)).max(mostChannels, `at most ${mostChannels} channels`).default([]),
    profiles: z.array(profile).max(10_000).default([]),
    ignoreDmzSettings: z
      .boolean()
      .default(false)
      .describe(
        'Without a dmz in `messageService.peers`, profiles that need one are an error; true: a warning, and such work waits.',
      ),
    outboxes: z
      .array(outboxSettings)
      .max(1000)
      .default([])
      .describe('Directories that are watched for files to be sent.'),
    routes: z
      .array(routeSettings)
      .max(mostRoutes)
      .default([])
      .describe("Services of the intranet that are reached through dmz's HTTP endpoints."),
    notifications: notificationSettings
      .optional()
      .describe('Sends alarms to people, and what dmz holds; absent: they stand in the logs only.'),
    retention: innerRetention,
  });
export type InnerConfig = z.infer<ReturnType<typeof inner>>;

const limits = z
  .strictObject({
    sessionsPerAddress: z.number().int().positive().default(50).describe('Sessions at the same time from one address.'),
    newSessionsPerMinute: z.number().int().positive().default(100).describe('New sessions a minute from one address.'),
    failedLogins: z
      .number()
      .int()
      .positive()
      .default(10)
      .describe('Failed logins in ten minutes from one address, after which it must wait.'),
  })
  .prefault({});
export type Limits = z.infer<typeof limits>;

/** An endpoint; the rest of its settings is its protocol's business. */
export type ListenerConfig = { readonly protocol: string; readonly host: string; readonly port: number };

/** The settings of whichever protocol is named. */
const listener = (protocols: readonly Protocol[]): z.ZodType<ListenerConfig> =>
  z.discriminatedUnion('protocol', protocols.map((each) => each.settings) as never, {
    error: `protocol must be one of ${protocols.map((each) => each.name).join(', ')}`,
  });

const dmz = (protocols: readonly Protocol[]) =>
  z.strictObject({
    role: z.literal('dmz'),
    ...common,
    listeners: z.array(listener(protocols)).max(100).default([]),
    fetch: fetchEndpoints,
    limits,
    incomplete: z
      .strictObject({
        alarmAfter: duration.prefault('1d').describe('An upload that is incomplete for so long raises an alarm.'),
        expireAfter: duration.prefault('14d').describe('And after so long it is removed.'),
      })
      .prefault({}),
    viewFor: duration
      .prefault('10m')
      .describe('How long a delivered file at least stays visible to its partner; then dmz frees its copy.'),
    retention: dmzRetention,
  });
export type DmzConfig = z.infer<ReturnType<typeof dmz>>;

export type Config = InnerConfig | DmzConfig;

/** The schema of both roles, for decoding and for the configuration reference. */
export const configSchema = (protocols: readonly Protocol[]) =>
  z.discriminatedUnion('role', [inner(protocols), dmz(protocols)], { error: 'role must be "inner" or "dmz"' });

/** Decodes a parsed config file: the config, or all of its problems. */
export const decodeConfig = (raw: unknown, protocols: readonly Protocol[]): Either<readonly Problem[], Config> => {
  const parsed = configSchema(protocols).safeParse(raw);
  if (!parsed.success) return left(parsed.error.issues.flatMap((issue) => problemsOf(issue)));
  const problems = crossChecks(parsed.data, protocols);
  return problems.length > 0 ? left(problems) : right(parsed.data);
};

const problemsOf = (issue: z.core.$ZodIssue): readonly Problem[] => {
  const path = issue.path
    .map((part, i) => (typeof part === 'number' ? `[${part}]` : `${i > 0 ? '.' : ''}${String(part)}`))
    .join('');
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({
      path: path === '' ? key : `${path}.${key}`,
      problem: 'there is no such setting',
    }));
  return [{ path: path === '' ? '(the whole file)' : path, problem: wordsFor(issue) }];
};

const wordsFor = (issue: z.core.$ZodIssue): string => {
  if (issue.code !== 'invalid_type') return issue.message;
  const [, got = ''] = / received (\w+)$/.exec(issue.message) ?? [];
  if (got === 'undefined') return `missing: this setting is needed (${issue.expected})`;
  return got === '' ? issue.message : `expected ${issue.expected}, found ${got}`;
};

const crossChecks = (config: Config, protocols: readonly Protocol[]): readonly Problem[] => [
  ...(config.role === 'inner' ? innerChecks(config, protocols) : collisions(config.fetch, config.listeners)),
  ...(config.role === 'dmz' && config.messageService.peers.length === 0
    ? [{ path: 'messageService.peers', problem: 'name inner: a dmz gets its channels from it' }]
    : []),
  ...(config.role === 'inner' ? missingDmz(config) : []),
  ...(config.streamingSize * 2 <= config.messageService.maxMessageSize
    ? []
    : [{ path: 'streamingSize', problem: 'must be at most half of messageService.maxMessageSize' }]),
  ...config.messageService.peers.flatMap((each, i): Problem[] => {
    const dials = config.role === 'inner' || config.messageService.mode === 'direct';
    const path = `messageService.peers[${i}].host`;
    if (config.role === 'dmz' && each.fetch !== undefined)
      return [{ path: `messageService.peers[${i}].fetch`, problem: 'remove it: only inner fetches payloads' }];
    if (dials && each.host === undefined)
      return [{ path, problem: 'missing: this server dials the peer, so it needs its address' }];
    if (!dials && each.host !== undefined)
      return [{ path, problem: 'remove it: in pushback mode dmz never opens a connection to inner' }];
    return [];
  }),
];

const innerChecks = (config: InnerConfig, protocols: readonly Protocol[]): readonly Problem[] => {
  const channels = new Set(config.channels.map((each) => each.name));
  return [
    ...twice(config.channels.map((each) => each.name)).map((i) => ({
      path: `channels[${i}].name`,
      problem: 'another channel has this name',
    })),
    ...twice(config.channels.map((each) => each.login ?? ` ${each.name}`)).map((i) => ({
      path: `channels[${i}].login`,
      problem: 'another channel has this login',
    })),
    ...recipientsNamedTwice(config.channels).map(({ path, address, first }) => ({
      path,
      problem: `${address} is an address of channel ${first} already`,
    })),
    ...twice(config.profiles.map((each) => each.name)).map((i) => ({
      path: `profiles[${i}].name`,
      problem: 'another profile has this name',
    })),
    ...config.channels.flatMap(({ partner }, i) => {
      const client = protocols.find(({ name }) => name === partner?.protocol)?.partner;
      const problem = client?.objection?.(partner);
      return problem === undefined ? [] : [{ path: `channels[${i}].partner`, problem }];
    }),
    ...routeProblems(config),
    ...config.outboxes.flatMap(({ channel, viaDmz }, i) => {
      const why = whyNotSent(
        config.channels.find((each) => each.name === channel),
        viaDmz,
      );
      return why === undefined ? [] : [{ path: `outboxes[${i}].channel`, problem: `${channel} ${why}` }];
    }),
    ...[config.notifications].flatMap((wanted) => {
      if (wanted === undefined) return [];
      const { channel, viaDmz } = wanted;
      const why = whyNotSent(
        config.channels.find((each) => each.name === channel),
        viaDmz,
      );
      return why === undefined ? [] : [{ path: 'notifications.channel', problem: `${channel} ${why}` }];
    }),
    ...config.profiles.flatMap(({ agent }, i) => {
      const protocol = config.channels.find(({ name }) => name === agent?.channel)?.partner?.protocol;
      const cannot = protocols.find(({ name }) => name === protocol)?.partner?.sendsOnly === true;
      const problem = `files can only be sent to the partner of ${agent?.channel ?? ''}: nothing can be fetched over ${protocol ?? ''}`;
      return cannot ? [{ path: `profiles[${i}].agent.channel`, problem }] : [];
    }),
    ...config.profiles.flatMap((each, i) =>
      channelsNamedBy(each).flatMap(([where, name]) =>
        channels.has(name)
          ? []
          : [
              {
                path: `profiles[${i}].${where}`,
                problem: `there is no channel "${name}"; there is: ${[...channels].join(', ') || 'none'}`,
              },
            ],
      ),
    ),
  ];
};

/** Why nothing can be sent to a channel's partner; undefined where it can. */
const whyNotSent = (channel: ChannelConfig | undefined, viaDmz: boolean): string | undefined => {
  if (channel === undefined) return 'is no channel';
  if (channel.partner === undefined) return 'has no section "partner": there is no server to send to';
  return viaDmz && channel.invisibleToDmz ? 'is invisible to dmz: set viaDmz: false' : undefined;
};

/** The channels that a profile names, and where. */
const channelsNamedBy = ({
  match,
  agent,
  responses,
}: z.infer<typeof profile>): readonly (readonly [string, string])[] => [
  ...(match.channel === undefined ? [] : [['match.channel', match.channel] as const]),
  ...(agent === undefined ? [] : [['agent.channel', agent.channel] as const]),
  ...responses.flatMap((each, i) => (each.kind === 'file' ? [] : [[`responses[${i}].channel`, each.channel] as const])),
];

const twice = (names: readonly string[]): readonly number[] => {
  const seen = new Set<string>();
  return names.flatMap((name, i) => (seen.size === seen.add(name).size ? [i] : []));
};

/** What is accepted, but waits: of this a person should know. */
export const warningsOf = (config: Config): readonly Problem[] =>
  config.role === 'inner' ? waitingForDmz(config) : [];
