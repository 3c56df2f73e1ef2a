import { manyTransfers } from './many.ts';

manyTransfers(500);
