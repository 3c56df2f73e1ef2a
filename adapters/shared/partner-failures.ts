/** The failures that every client of partners' servers has in common, each one sentence for a person. */
import { type Failure, permanent, temporary } from '../../domain/failure.ts';
import type { PartnerPlace } from '../../domain/partner.ts';
import { codeOf } from './failing.ts';
import { printable } from './printable.ts';

/** What a partner's server says, short and safe to be shown. */
export const said = (text: string): string => printable(text.trim(), 200);

/** How a place is called in a sentence. */
export const nameOf = ({ host, port }: PartnerPlace): string => `${host.includes(':') ? `[${host}]` : host}:${port}`;

/** Its name is not known, or nobody could be asked. */
export const unknownHost = ({ host }: PartnerPlace, error: unknown): Failure =>
  temporary('unknownHost', `the host name ${host} is not found (${codeOf(error) ?? 'no answer'})`);

/** No connection came about. */
export const unreachable = (place: PartnerPlace, error: unknown): Failure =>
  temporary(
    'unreachable',
    `nothing answers at ${nameOf(place)} (${codeOf(error) ?? 'no answer'}): look at the address and the firewalls between`,
  );

/** Somebody is there whose key or certificate nobody has approved. */
export const untrusted = (place: PartnerPlace, what: 'host key' | 'certificate', seen: string): Failure =>
  permanent(
    'untrusted',
    `the server at ${nameOf(place)} shows a ${what} that is not approved: ${seen}; ` +
      `compare it with what the partner says, then approve it: sallyport channels trust ${place.channel}`,
  );

/** The server does not let us in. What it says is left out: it might repeat what we sent. */
export const badCredentials = (place: PartnerPlace): Failure =>
  permanent(
    'badCredentials',
    `the server at ${nameOf(place)} does not let "${said(place.login)}" in: look at the login, password and key of channel ${place.channel}`,
  );

/** No answer within the time. */
export const timeout = (place: PartnerPlace, milliseconds: number, what: string): Failure =>
  temporary('timeout', `the server at ${nameOf(place)} did not answer within ${milliseconds / 1000} s: ${what}`);

/** The connection ended without our doing. */
export const linkBroken = (place: PartnerPlace, how: string): Failure =>
  temporary('linkBroken', `the connection to ${nameOf(place)} broke: ${said(how)}`);

/** Everything was sent, and then no answer came. */
export const outcomeUnknown = (place: PartnerPlace, what: string): Failure =>
  temporary(
    'outcomeUnknown',
    `the connection to ${nameOf(place)} broke before the answer: ${what} may be done, or not`,
  );

/** A directory holds more than we list. */
export const tooMany = (directory: string, most: number): Failure =>
  permanent(
    'tooMany',
    `${said(directory)} holds more than ${most} files; ask the partner to tidy up, or fetch from another directory`,
  );

/** A path that cannot be said in the protocol. */
export const badName = (path: string): Failure =>
  permanent('badName', `"${said(path)}" cannot be a path: it must begin with "/" and hold no control character`);

/** There is nothing of this name. */
export const notFound = (path: string): Failure => permanent('notFound', `there is no ${said(path)} on the server`);

/** The target of a rename is there already. */
export const exists = (path: string): Failure => permanent('exists', `there already is a ${said(path)} on the server`);

/** The server does not allow it. */
export const notPermitted = (path: string, answer: string): Failure =>
  permanent('notPermitted', `the server does not allow it for ${said(path)}: ${said(answer)}`);

/** It went wrong over there, for a reason of the server's own. */
export const peerFailed = (path: string, answer: string): Failure =>
  temporary('peerFailed', `the server failed on ${said(path)}: ${said(answer)}`);

/** The server confirmed a file that has another size than what was sent. */
export const otherSize = (path: string, there: number, sent: number): Failure =>
  temporary('otherSize', `the server holds ${there} bytes of ${said(path)}, but ${sent} were sent`);

/** Refuses a path that cannot be said in the protocol. */
export const isSayable = (path: string): boolean => path.startsWith('/') && !control.test(path);

// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
const control = /[\u0000-\u001f\u007f]/;
