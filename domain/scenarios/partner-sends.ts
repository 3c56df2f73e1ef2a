import { scenario } from './scenario.ts';

/** Figure 1 of the seed: a partner delivers to dmz, inner takes it over, processes it and answers. */
export const partnerSends = scenario(
  'partnerSends',
  'a partner sends a file',
  {
    new: { received: 'received' },
    received: { forwarded: 'forwarded' },
    forwarded: { fetched: 'fetched' },
    fetched: { matched: 'fetched', stepDone: 'fetched', processed: 'processed' },
    processed: { acknowledged: 'acknowledged' },
  },
  ['acknowledged'],
);
