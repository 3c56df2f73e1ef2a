import { silentCrowd } from './crowd.ts';

silentCrowd(5000, 2);
