import { scenario } from './scenario.ts';

/** A result that inner itself sends to a partner's server, without dmz. */
export const innerSends = scenario(
  'innerSends',
  'inner sends a file to a partner itself',
  {
    new: { created: 'created' },
    created: { placed: 'created', sent: 'sent' },
  },
  ['sent'],
);
