import { scenario } from './scenario.ts';

/** Figure 3 of the seed: inner asks dmz to send a file to the partner's server, and puts the payload there. */
export const responseSend = scenario(
  'responseSend',
  'a file is sent to a partner via dmz',
  {
    new: { created: 'created' },
    created: { requested: 'requested' },
    requested: { staged: 'staged' },
    staged: { placed: 'staged', sent: 'sent' },
    sent: { acknowledged: 'acknowledged' },
  },
  ['acknowledged'],
);
