import { right } from 'fp-ts/lib/Either.js';
import type { Enter } from '../../actors/enter.ts';
import { type SendingRules, sendingRules } from '../../domain/sending.ts';
import type { MemoryPartner } from './memory-partner.ts';

/** The way to a partner in memory, by a channel's rules for sending. */
export const entersTo =
  (partner: MemoryPartner, rules: Partial<SendingRules> = {}): Enter =>
  (channel) =>
  () =>
    Promise.resolve(
      right({
        session: partner.connect(),
        access: {
          ...{ channel, protocol: 'sftp', settings: {}, hosts: ['partner'], login: 'us' },
          ...{ credentials: {}, trusted: [], sending: sendingRules.parse(rules) },
        },
      }),
    );
