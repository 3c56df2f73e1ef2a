import { killedSenders } from './killed.ts';
import { manyTransfers } from './many.ts';

manyTransfers(20, { mode: 'explicit', version: '1.2' });
manyTransfers(5, { mode: 'implicit', version: '1.3' });
killedSenders(20, 'explicit');
