import { readModelsContract } from '../../contracts/read-models.ts';
import { memoryReadModels } from '../../support/memory-read-models.ts';

readModelsContract('in memory', () => {
  const tables: Parameters<typeof memoryReadModels>[0] = new Map();
  const models = memoryReadModels(tables);
  const reopen = async () => {
    await models.close();
    return memoryReadModels(tables);
  };
  return Promise.resolve({ models, reopen, dispose: () => models.close() });
});
