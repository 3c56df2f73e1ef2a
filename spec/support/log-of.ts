/** The event log of a server that does not run, wherever its config puts it. */
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { embeddedEventLog } from '../../adapters/eventlog/embedded.ts';
import { eventStoreDb } from '../../adapters/eventlog/eventstoredb.ts';
import { prefixOf } from '../../adapters/eventlog/eventstoredb-names.ts';
import { systemClock } from '../../adapters/shared/clock.ts';
import type { EventLog } from '../../domain/ports.ts';
import type { Server } from './servers.ts';
import { silent } from './silent.ts';

/** Opens it; whoever does closes it. */
export const openLogOf = async ({ config, data: directory }: Server): Promise<EventLog> => {
  const { node, eventLog } = parse(await readFile(config, 'utf8')) as { node: string; eventLog?: string };
  if (eventLog !== undefined)
    return eventStoreDb({ connectionString: eventLog, prefix: prefixOf(node), clock: systemClock(), log: silent });
  return embeddedEventLog({
    directory,
    onFatal: (error) => {
      throw error;
    },
  });
};
