import { right } from 'fp-ts/lib/Either.js';
import type { Partners } from '../../domain/partner.ts';
import type { Cron } from '../../domain/ports.ts';
import { type MemoryPartner, memoryPartner } from './memory-partner.ts';

/** The way to one partner in memory, whatever the channel. */
export const memoryPartners = (partner: MemoryPartner = memoryPartner()): Partners => ({
  connect: () => () => Promise.resolve(right(partner.connect())),
});

/** A schedule of every minute, whatever is asked. */
export const everyMinute: Cron = { next: (_schedule, _timeZone, after) => (Math.floor(after / 60_000) + 1) * 60_000 };

/** Responses go over one dmz. */
export const routes = {
  dmz: () => 'dmz-1',
  keeping: () => ({ keepFor: 86_400_000, afterPickUp: 'keep' }) as const,
};
