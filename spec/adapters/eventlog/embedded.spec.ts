import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { embeddedEventLog } from '../../../adapters/eventlog/embedded.ts';
import { eventLogContract } from '../../contracts/event-log.ts';

const onFatal = (error: Error): never => {
  throw error;
};

eventLogContract('embedded', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'log-'));
  let log = await embeddedEventLog({ directory, onFatal });
  return {
    log,
    reopen: async () => {
      await log.close();
      log = await embeddedEventLog({ directory, onFatal });
      return log;
    },
    dispose: async () => {
      await log.close();
      await rm(directory, { recursive: true });
    },
  };
});
