/** What is wrong with a config beyond its own shape: directories, keys, ports. Changes nothing but missing directories. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Config, Problem } from '../domain/config.ts';
import { endpointsOf } from '../domain/fetch.ts';
import { scheduleProblem } from './cron/index.ts';
import { whyNotDeliverable, whyNotWritable } from './delivery/probe.ts';
import { prefixOf } from './eventlog/eventstoredb-names.ts';
import { whyNotThere } from './eventlog/eventstoredb-probe.ts';
import { whyNotRunnable } from './programs/probe.ts';
import { whyNotForSsh } from './sftp/link-keys.ts';
import { systemClock } from './shared/clock.ts';
import { codeOf } from './shared/failing.ts';
import { whyNotOurs } from './shared/identity.ts';
import type { LoadedConfig } from './shared/loaded-config.ts';

/** The problems that would keep a server from starting, whether its ports are free or not. */
export const checkPlaces = async ({ config, tls }: LoadedConfig): Promise<readonly Problem[]> => {
  const problems: Problem[] = [];
  const unwritable = await whyNotWritable(config.data, 0o700);
  if (unwritable !== undefined) problems.push({ path: 'data', problem: unwritable });
  const keys = whyNotOurs(config.role, config.node, tls, Date.now());
  if (keys !== undefined) problems.push(keys);
  const overSftp = config.role === 'inner' ? config.fetchVia === 'sftp' : config.fetch.sftp !== undefined;
  const notForSsh = overSftp && keys === undefined ? whyNotForSsh(tls.key) : undefined;
  if (notForSsh !== undefined) problems.push({ path: 'messageService.key', problem: notForSsh });
  for (const [i, profile] of (config.role === 'inner' ? config.profiles : []).entries()) {
    const { agent } = profile;
    const unscheduled = agent === undefined ? undefined : scheduleProblem(agent.schedule, agent.timeZone);
    if (unscheduled !== undefined) problems.push({ path: `profiles[${i}].agent.schedule`, problem: unscheduled });
    for (const [j, step] of profile.steps.entries()) {
      const problem = step.kind === 'run' ? await whyNotRunnable(step.command[0], process.env.PATH ?? '') : undefined;
      if (problem !== undefined) problems.push({ path: `profiles[${i}].steps[${j}].command`, problem });
    }
    for (const [j, response] of profile.responses.entries()) {
      if (response.kind !== 'file') continue;
      const problem = await whyNotDeliverable(response.directory);
      if (problem !== undefined) problems.push({ path: `profiles[${i}].responses[${j}].directory`, problem });
    }
  }
  for (const [i, { directory }] of (config.role === 'inner' ? config.outboxes : []).entries()) {
    const problem = await whyNotWritable(directory);
    if (problem !== undefined) problems.push({ path: `outboxes[${i}].directory`, problem });
  }
  return problems;
};

/** All of them: for `sallyport check`, while no server runs on this config. */
export const checkAll = async (loaded: LoadedConfig): Promise<readonly Problem[]> => {
  const problems = [...(await checkPlaces(loaded))];
  const { eventLog: connectionString, config } = loaded;
  if (connectionString !== undefined) {
    const place = { connectionString, prefix: prefixOf(config.node), clock: systemClock() };
    const unusable = await whyNotThere(place, 5_000);
    if (unusable !== undefined) problems.push({ path: 'eventLog', problem: unusable.why });
  }
  for (const { path, host, port } of endpoints(config)) {
    const problem = await whyNotFree(host, port);
    if (problem !== undefined) problems.push({ path, problem });
  }
  return problems;
};

const endpoints = (config: Config) => {
  const { mode, host, port } = config.messageService;
  const link = config.role === 'dmz' || mode === 'direct' ? [{ path: 'messageService.port', host, port }] : [];
  const listeners = config.role === 'dmz' ? config.listeners : [];
  const fetches = config.role === 'dmz' ? endpointsOf(config.fetch) : [];
  return [
    ...link,
    ...listeners.map((each, i) => ({ path: `listeners[${i}].port`, host: each.host, port: each.port })),
    ...fetches.map((each) => ({ ...each, path: `${each.path}.port` })),
  ];
};

const whyNotFree = async (host: string, port: number): Promise<string | undefined> => {
  const server = createServer();
  try {
    server.listen(port, host);
    await once(server, 'listening');
    server.close();
    await once(server, 'close');
    return undefined;
  } catch (error) {
    return `${host}:${port} cannot be listened on (${codeOf(error) ?? String(error)}); is another server running on it?`;
  }
};
