import { manyTransfers } from './many.ts';

manyTransfers(20, 'http');
manyTransfers(20, 'https');
