/** Which keys and certificates of partners' servers a person has approved: recorded on inner, in the stream of the channel. */
import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js';
import { channelStream, trustVocabulary } from '../domain/channel.ts';
import type { TrustRequest } from '../domain/control.ts';
import { type Failure, failureIn, refusal } from '../domain/failure.ts';
import type { Answer } from '../domain/intake.ts';
import type { PartnerAccess } from '../domain/partner.ts';
import type { EventLog } from '../domain/ports.ts';
import type { AccessOf } from './enter.ts';
import { asRefusal } from './refusals.ts';
import type { Streams } from './streams.ts';
import { wholeStream } from './whole-stream.ts';

/** The fingerprints that were approved last; none where nobody has approved any. */
export const trustedIn = async (log: EventLog, channel: string): Promise<Either<Failure, readonly string[]>> => {
  let fingerprints: readonly string[] = [];
  try {
    for await (const { type, data } of wholeStream(log, channelStream(channel)))
      if (type === 'partnerTrusted') fingerprints = trustVocabulary.partnerTrusted.parse(data).fingerprints;
    return right(fingerprints);
  } catch (error) {
    const failed = failureIn(error);
    if (failed === undefined) throw error;
    return left(failed);
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

/** What approving rests on; `accessOf` is inner's alone. */
export type TrustNeeds = {
  readonly streams: Pick<Streams, 'recordLocal'>;
  readonly accessOf: ((channel: string) => Either<Failure, PartnerAccess>) | undefined;
};

/** Records whom a person approves; replaces whom persons approved before. */
export const trusting =
  ({ streams, accessOf }: TrustNeeds) =>
  ({ channel, fingerprints, login }: TrustRequest): Answer<string> =>
  async () => {
    const access = accessOf?.(channel);
    if (access === undefined) return left(onlyInner);
    if (isLeft(access)) return left(refusal('notFound', access.left.text));
    const data = { fingerprints: [...new Set(fingerprints)], by: login };
    const done = await streams.recordLocal(channelStream(channel), [{ type: 'partnerTrusted', data }]);
    if (isLeft(done)) return left(asRefusal(done.left));
    return right(`channel ${channel}: ${data.fingerprints.join(', ') || 'nobody'} is approved now`);
  };

/** Dmz knows of partners only what it has to ask for. */
export const onlyInner = refusal('illegal', 'only inner knows the partners of channels; ask it there');
