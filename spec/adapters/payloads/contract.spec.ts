import { onTestFinished } from 'vitest';
import { diskPayloads } from '../../../adapters/payloads/disk.ts';
import { payloadStoreContract } from '../../contracts/payload-store.ts';
import { memoryPayloadStore } from '../../support/memory-payload-store.ts';
import { scratch } from '../../support/scratch.ts';

payloadStoreContract('the disk', async () => {
  const store = await diskPayloads({
    directory: await scratch(),
    onFatal: (error) => {
      throw error;
    },
  });
  onTestFinished(() => store.close());
  return store;
});

payloadStoreContract('the double in memory', () => Promise.resolve(memoryPayloadStore()));
