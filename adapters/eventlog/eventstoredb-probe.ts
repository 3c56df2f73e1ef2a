/** Can a log be kept there? Asked before a server starts, and by `sallyport check`. */
import { randomUUID } from 'node:crypto';
import { BACKWARDS, END } from '@eventstore/db-client';
import { isLeft } from 'fp-ts/lib/Either.js';
import type { Clock, Log } from '../../domain/ports.ts';
import { appendOnce } from './eventstoredb-append.ts';
import { openCalls, within } from './eventstoredb-calls.ts';
import { type EventStoreClient, serverVersion } from './eventstoredb-client.ts';
import { eventsOf } from './eventstoredb-reads.ts';

/** Where to look. */
export type Place = { readonly connectionString: string; readonly prefix: string; readonly clock: Clock };

/** Older servers do not say when a follower has caught up. */
const oldest = [23, 10] as const;
/** No stream is as long, so that an append there conflicts, if it is allowed at all. */
const beyond = 2n ** 62n;
const tryFor = 5_000;
const [firstLook, longestWait] = [1_000, 60_000];

/** Why no log can be kept there, in one sentence that says how to mend it; undefined where it can. Writes nothing. */
export const whyNotThere = async (
  { connectionString, prefix, clock }: Place,
  goOnFor: number,
): Promise<{ readonly lasting: 'temporary' | 'permanent'; readonly why: string } | undefined> => {
  const calls = openCalls(connectionString, { tryFor, goOnFor, absentFor: goOnFor }, clock);
  try {
    const version = await calls.run((client) => within(clock, tryFor, serverVersion(client)), { writes: false });
    if (isLeft(version)) return told(version.left, 'is it running, and may this server reach it?');
    if (isTooOld(version.right))
      return {
        lasting: 'permanent',
        why: `the server of eventLog has version ${version.right}; it must be ${oldest.join('.')} or newer`,
      };
    const probe = { id: randomUUID(), type: 'probed', data: {}, metadata: {} };
    const append = (client: EventStoreClient) =>
      appendOnce(client, `${prefix}probe`, [probe], beyond, { tryFor, clock });
    const appended = await calls.run(append, { writes: false });
    if (isLeft(appended) && appended.left.code !== 'conflict')
      return told(appended.left, `let the user of eventLog append to the streams whose names begin with ${prefix}`);
    const newest = (client: EventStoreClient) =>
      eventsOf(
        client.readAll({ direction: BACKWARDS, fromPosition: END, maxCount: 1, requiresLeader: true }),
        tryFor,
        clock,
      );
    const read = await calls.run(newest, { writes: false });
    return isLeft(read)
      ? told(read.left, 'let the user of eventLog read $all; by default the group $admins may')
      : undefined;
  } finally {
    await calls.close();
  }
};

/** Waits until a log can be kept there; after a minute, or where waiting is of no use, it rejects with the sentence. */
export const untilThere = async (place: Place & { readonly log: Log }): Promise<void> => {
  const first = await whyNotThere(place, firstLook);
  if (first === undefined) return;
  if (first.lasting === 'permanent') throw new Error(first.why);
  place.log.warn('the event log is not there yet; it is waited for', { why: first.why });
  const still = await whyNotThere(place, longestWait);
  if (still !== undefined) throw new Error(still.why);
};

const told = (failed: { readonly lasting: 'temporary' | 'permanent'; readonly text: string }, mend: string) => ({
  lasting: failed.lasting,
  why: `${failed.text}; ${mend}`,
});

const isTooOld = (version: string): boolean => {
  const [major = Number.NaN, minor = Number.NaN] = version.split('.').map(Number);
  if (version !== 'unknown' && Number.isNaN(major * minor)) return false;
  return !(major > oldest[0] || (major === oldest[0] && minor >= oldest[1]));
};
