/** How long what is finished is kept, and when the events of a transfer may go. */
import { z } from 'zod';
import { duration } from './units.ts';

const day = 86_400_000;

/** How long events of finished transfers stay, as both servers' configs say it. */
const keepEvents = duration
  .refine((milliseconds) => milliseconds >= day, 'must be at least "1d": for so long a partner may come again')
  .optional()
  .describe(
    'How long the events of a transfer stay after its end; absent: for ever. What the hash chain holds of them stays.',
  );

/** How long payloads of finished transfers stay on inner. */
const keepPayloads = duration
  .prefault('1d')
  .describe('How long the payload of a transfer stays after its end, for whoever runs it again.');

/** The retention of a server. */
export type Retention = { readonly events?: number | undefined };

/** The settings of a dmz; how long it keeps payloads, `viewFor` says. */
export const dmzRetention = z.strictObject({ events: keepEvents }).prefault({});

/** The settings of inner. */
export const innerRetention = z.strictObject({ payloads: keepPayloads, events: keepEvents }).prefault({});

/** A transfer, as far as it matters here; times in milliseconds since 1970. */
type Finished = {
  readonly ended: boolean;
  readonly updatedAt: number;
  readonly ownsPayload: boolean;
  readonly purged: boolean;
  readonly ownSeq: number;
  readonly acked: number;
};

/** May its events go? Only once it has ended long enough ago, nothing of it is stored here, and the peer has heard all that it must. */
export const mayGo = (row: Finished, keepFor: number, now: number): boolean =>
  row.ended && row.updatedAt + keepFor <= now && (row.purged || !row.ownsPayload) && row.acked >= row.ownSeq;
