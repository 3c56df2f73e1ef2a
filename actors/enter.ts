/** The way to the server of a channel's partner: settings and secrets are asked for each time, and kept nowhere. */
import { isLeft, left, right } from 'fp-ts/lib/Either.js';
import { type Attempt, temporary } from '../domain/failure.ts';
import type { Messages } from '../domain/message.ts';
import type { PartnerAccess, PartnerSession, Partners } from '../domain/partner.ts';

/** A session at a partner's server, and by what it was opened. */
export type Entered = { readonly session: PartnerSession; readonly access: PartnerAccess };

/** Opens a session at the server of a channel's partner. */
export type Enter = (channel: string) => Attempt<Entered>;

/** How to come in at a channel's partner. */
export type AccessOf = (channel: string) => Attempt<PartnerAccess>;

/** Goes in by what `accessOf` tells. */
export const entering =
  (partners: Partners, accessOf: AccessOf): Enter =>
  (channel) =>
  async () => {
    const access = await accessOf(channel)();
    if (isLeft(access)) return access;
    const session = await partners.connect(access.right)();
    return isLeft(session) ? session : right({ session: session.right, access: access.right });
  };

/** What dmz has to ask of inner; while inner is away, such work waits. */
export const askInner =
  (messages: Pick<Messages, 'links' | 'partner'>): AccessOf =>
  (channel) =>
  () => {
    const inner = messages.links().find((link) => link.role === 'inner' && link.up);
    return inner === undefined
      ? Promise.resolve(left(temporary('noLink', 'inner, which knows how to come in at the partner, is away')))
      : messages.partner(inner.node, channel)();
  };

/** Goes in, does its work there, and leaves; the signal ends the session at any time. */
export const visiting =
  <A>(enter: Enter, channel: string, signal: AbortSignal, work: (entered: Entered) => Attempt<A>): Attempt<A> =>
  async () => {
    const entered = await enter(channel)();
    if (isLeft(entered)) return entered;
    const { session } = entered.right;
    const leave = (): void => void session.close();
    signal.addEventListener('abort', leave, { once: true });
    if (signal.aborted) leave();
    try {
      return await work(entered.right)();
    } finally {
      signal.removeEventListener('abort', leave);
      await session.close();
    }
  };
