import { manyTransfers } from './many.ts';

manyTransfers(1000, 'http');
manyTransfers(1000, 'https');
