import { scenario } from './scenario.ts';

/** Figure 2 of the seed: inner has dmz get a file from a partner's server, processes it, and only then dmz tidies up there. */
export const cronGet = scenario(
  'cronGet',
  'a file is fetched from a partner',
  {
    new: { created: 'created' },
    created: { requested: 'requested' },
    requested: { received: 'received' },
    received: { forwarded: 'forwarded' },
    forwarded: { fetched: 'fetched' },
    fetched: { matched: 'fetched', stepDone: 'fetched', processed: 'processed' },
    processed: { acknowledged: 'acknowledged' },
  },
  ['acknowledged'],
);
