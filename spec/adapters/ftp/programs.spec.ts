import { killedSenders } from './killed.ts';
import { manyTransfers } from './many.ts';

manyTransfers(20);
killedSenders(20);
