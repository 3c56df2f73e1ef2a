/** Which keys and certificates of partners' servers a person has approved: recorded on inner, in the stream of the channel. */
import { type Either, isLeft, right } from 'fp-ts/lib/Either.js';
import { channelStream } from '../domain/channel.ts';
import type { Failure } from '../domain/failure.ts';
import { type PartnerAccess, partnerTrusted } from '../domain/partner.ts';
import type { EventLog } from '../domain/ports.ts';
import type { AccessOf } from './enter.ts';

const page = 1_000;

/** The fingerprints that were approved last; none where nobody has approved any. */
export const trustedIn = async (log: EventLog, channel: string): Promise<Either<Failure, readonly string[]>> => {
  let fingerprints: readonly string[] = [];
  for (let from = 0n; ; from += BigInt(page)) {
    const events = await log.readStream(channelStream(channel), { from, limit: page })();
    if (isLeft(events)) return events;
    for (const { type, data } of events.right)
      if (type === 'partnerTrusted') fingerprints = partnerTrusted.parse(data).fingerprints;
    if (events.right.length < page) return right(fingerprints);
  }
};

/** What the config says of a partner, and besides whom a person has approved. */
export const withTrust =
  (log: EventLog, accessOf: (channel: string) => Either<Failure, PartnerAccess>): AccessOf =>
  (channel) =>
  async () => {
    const access = accessOf(channel);
    if (isLeft(access)) return access;
    const trusted = await trustedIn(log, channel);
    return isLeft(trusted)
      ? trusted
      : right({ ...access.right, trusted: [...access.right.trusted, ...trusted.right].slice(0, 20) });
  };
