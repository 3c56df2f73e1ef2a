import { scenario } from './scenario.ts';

/** A result that inner delivers itself: prepared beside its target under a temporary name, then put in place. */
export const innerOnly = scenario(
  'innerOnly',
  'inner delivers a result itself',
  {
    new: { created: 'created' },
    created: { prepared: 'prepared' },
    prepared: { sent: 'sent' },
  },
  ['sent'],
);
