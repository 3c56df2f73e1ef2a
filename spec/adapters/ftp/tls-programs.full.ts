import { killedSenders } from './killed.ts';
import { manyTransfers } from './many.ts';

for (const mode of ['explicit', 'implicit'] as const) {
  for (const version of ['1.2', '1.3'] as const) manyTransfers(500, { mode, version });
  killedSenders(500, mode);
}
