/** AUTH, PBSZ, PROT and CCC: how TLS is asked for (RFC 2228; RFC 4217). */

import { reply } from '../shared/replies.ts';
import type { Verb } from './dialogue.ts';
import { common, type Reply } from './replies.ts';

const unknownMechanism = reply(504, 'There is AUTH TLS.');

/** After 234 nothing counts that the client said before it: it may be somebody else's (CVE-2011-0411). */
const authenticate: Verb['run'] = ({ tls, isEncrypted }, argument) => {
  if (tls === undefined) return common.plainOnly;
  // TLS-C and SSL are older names (RFC 4217, section 17).
  if (!/^(TLS|TLS-C|SSL)$/i.test(argument)) return unknownMechanism;
  if (isEncrypted()) return reply(503, 'The connection is encrypted already.');
  return { ...reply(234, 'Begin the TLS handshake.'), startTls: true };
};

const secured =
  (run: Verb['run']): Verb['run'] =>
  (dialogue, argument) => {
    if (dialogue.tls === undefined) return common.plainOnly;
    return dialogue.isEncrypted() ? run(dialogue, argument) : common.encryptFirst;
  };

/** TLS has no buffer size to agree on (RFC 4217, section 9). */
const bufferSize = secured((_, argument) => (/^\d{1,10}$/.test(argument) ? reply(200, 'PBSZ=0') : common.badArgument));

const levels: Readonly<Record<string, Reply>> = {
  C: reply(534, 'Data goes over TLS only: PROT P.'),
  S: reply(536, 'There is PROT P.'),
  E: reply(536, 'There is PROT P.'),
};

const protect = secured((dialogue, argument) => {
  const level = argument.toUpperCase();
  if (level !== 'P') return levels[level] ?? common.badArgument;
  dialogue.dataProtected = true;
  return reply(200, 'Data goes over TLS.');
});

export const protectionVerbs: Readonly<Record<string, Verb>> = {
  AUTH: { syntax: '{{cmd}} <TLS>', description: 'Encrypt the control connection', free: true, run: authenticate },
  PBSZ: { syntax: '{{cmd}} <0>', description: 'Comes before PROT', free: true, run: bufferSize },
  PROT: { syntax: '{{cmd}} <P>', description: 'Encrypt data connections', free: true, run: protect },
  CCC: {
    syntax: '{{cmd}}',
    description: 'Refused: the control connection stays as it is',
    free: true,
    run: () => reply(534, 'The control connection stays as it is.'),
  },
};
