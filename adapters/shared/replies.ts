/** Replies of a number and a line, as FTP and SMTP have them (RFC 959 and RFC 5321, section 4.2 of both). */
import type { RefusalReason } from '../../domain/failure.ts';
import { printable } from './printable.ts';

/** One reply. `hangUp` ends the connection after it. */
export type Reply = { readonly code: number; readonly text: string; readonly hangUp?: true };

const longest = 500;

/** Makes a reply; whatever is in the text, it stays one line of bearable length. */
export const reply = (code: number, text: string): Reply => ({ code, text: printable(text, longest) });

/** A reply after which the connection ends. */
export const farewell = (code: number, text: string): Reply => ({ ...reply(code, text), hangUp: true });

/** The codes of refusals that both have in common. */
export const refusalCodes: Readonly<Record<Exclude<RefusalReason, 'badCredentials' | 'invalid'>, number>> = {
  tooManySessions: 421,
  tooManyAttempts: 421,
  tooLarge: 552,
  badName: 553,
  notFound: 550,
  exists: 550,
  notEmpty: 550,
  isDirectory: 550,
  notDirectory: 550,
  busy: 450,
  noSpace: 452,
  unavailable: 451,
  notPermitted: 550,
  illegal: 503,
};
