import { silentCrowd } from './crowd.ts';

silentCrowd(5000);
