import { scenario } from './scenario.ts';

/** Figure 4 of the seed: inner puts a payload on dmz, where the partner sees it in its home and picks it up. */
export const provide = scenario(
  'provide',
  'a file is provided for a partner',
  {
    new: { created: 'created' },
    created: { requested: 'requested' },
    requested: { staged: 'staged' },
    staged: { provided: 'provided' },
    provided: { pickedUp: 'pickedUp', expired: 'expired' },
  },
  ['pickedUp', 'expired'],
);
