/** Profiles: what inner does with data that arrived, and choosing one for a transfer. */
import { none, type Option, some } from 'fp-ts/lib/Option.js';
import { globMatches } from './glob.ts';
import type { ProcessingStep } from './processing.ts';
import type { Transfer } from './transfer/transfer.ts';

/** Where a result goes, under the name that the payload has then. */
export type Response =
  /** Into a directory of inner. */
  | { readonly kind: 'file'; readonly directory: string }
  /** To the server of a channel's partner: from dmz, or from inner itself. */
  | { readonly kind: 'send'; readonly channel: string; readonly directory: string; readonly viaDmz: boolean }
  /** Into a partner's home on dmz, to be picked up. */
  | { readonly kind: 'provide'; readonly channel: string; readonly directory: string };

/** Can it be done only with a dmz? */
export const needsDmz = (response: Response): boolean =>
  response.kind === 'provide' || (response.kind === 'send' && response.viaDmz);

/** Fetches files from a channel's partner at the times of its schedule, and starts its profile with each. */
export type CronAgent = {
  readonly schedule: string;
  readonly timeZone: string;
  readonly channel: string;
  readonly directory: string;
  /** File name pattern: * and ?. */
  readonly name: string;
  readonly after: 'keep' | 'delete' | 'move';
  readonly moveTo?: string | undefined;
  /** A file must not change for so long before it is fetched, milliseconds. */
  readonly settle: number;
  /** What becomes of times that passed while the server was down. */
  readonly missed: 'skip' | 'once';
};

/** An input agent's match, what is done with the data, and where the result goes. */
export type Profile = {
  readonly name: string;
  readonly match: { readonly channel?: string | undefined; readonly name: string };
  readonly steps: readonly ProcessingStep[];
  readonly responses: readonly Response[];
  /** Absent: it is started by data that arrive. */
  readonly agent?: CronAgent | undefined;
};

/** One reason why a profile does not take a transfer, or none. */
type Policy = (profile: Profile, transfer: Transfer) => Option<string>;

const channelFits: Policy = ({ match }, { channel }) =>
  match.channel === undefined || match.channel === channel ? none : some(`is for channel ${match.channel}`);

const nameFits: Policy = ({ match }, { name }) =>
  globMatches(match.name, name) ? none : some(`takes names like ${match.name}`);

const waitsForData: Policy = ({ agent }) => (agent === undefined ? none : some('is started by its own agent'));

/** What was split off is never split again, so that no mail goes round in a circle. */
const splitsOnce: Policy = ({ steps }, { parent }) =>
  parent !== undefined && steps.some(({ kind }) => kind === 'split') ? some('splits mails') : none;

/** The policies that must all have no objection. */
const policies: readonly Policy[] = [waitsForData, channelFits, nameFits, splitsOnce];

/** The first profile in config order to which no policy objects. */
export const chooseProfile = (profiles: readonly Profile[], transfer: Transfer): Profile | undefined =>
  profiles.find((profile) => policies.every((policy) => policy(profile, transfer)._tag === 'None'));
