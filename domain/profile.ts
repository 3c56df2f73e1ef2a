/** Profiles: what inner does with data that arrived, and choosing one for a transfer. */
import { none, type Option, some } from 'fp-ts/lib/Option.js';
import { globMatches } from './glob.ts';
import type { ProcessingStep } from './processing.ts';
import type { Transfer } from './transfer/transfer.ts';

/** A response that puts the payload into a directory of inner, under the partner's name. */
export type FileResponse = { readonly kind: 'file'; readonly directory: string };

/** An input agent's match, what is done with the data, and where the result goes. */
export type Profile = {
  readonly name: string;
  readonly match: { readonly channel?: string | undefined; readonly name: string };
  readonly steps: readonly ProcessingStep[];
  readonly responses: readonly FileResponse[];
};

/** One reason why a profile does not take a transfer, or none. */
type Policy = (profile: Profile, transfer: Transfer) => Option<string>;

const channelFits: Policy = ({ match }, { channel }) =>
  match.channel === undefined || match.channel === channel ? none : some(`is for channel ${match.channel}`);

const nameFits: Policy = ({ match }, { name }) =>
  globMatches(match.name, name) ? none : some(`takes names like ${match.name}`);

/** The policies that must all have no objection. */
const policies: readonly Policy[] = [channelFits, nameFits];

/** The first profile in config order to which no policy objects. */
export const chooseProfile = (profiles: readonly Profile[], transfer: Transfer): Profile | undefined =>
  profiles.find((profile) => policies.every((policy) => policy(profile, transfer)._tag === 'None'));
