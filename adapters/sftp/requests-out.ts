import type { PartnerPlace } from '../../domain/partner.ts';
import type { Clock } from '../../domain/ports.ts';
import type { Lifeline } from '../shared/lifeline.ts';
import type { Dialled } from './dial.ts';

/** An open session and what belongs to it. */
export type Opened = Dialled & { readonly life: Lifeline; readonly place: PartnerPlace; readonly clock: Clock };

/** What ssh2 calls back with: an error (some ways null), or the answer. */
export type Callback<A> = (error?: Error | null, answer?: A) => void;

/** A request as a promise of its answer. */
export const asked = <A>(request: (done: Callback<A>) => void): Promise<A> =>
  new Promise((resolve, reject) => {
    request((error, answer) => {
      if (error === undefined || error === null) resolve(answer as A);
      else reject(error);
    });
  });

/** One request of a session and its answer, under the session's deadline; `what` names it where no answer comes. */
export type Ask = <A>(what: string, request: (done: Callback<A>) => void) => Promise<A>;
