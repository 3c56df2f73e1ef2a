import { killedSenders } from './killed.ts';
import { manyTransfers } from './many.ts';

manyTransfers(500);
killedSenders(500);
