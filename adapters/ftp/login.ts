/** USER, PASS, REIN and QUIT: who somebody is. */
import { isLeft } from 'fp-ts/lib/Either.js';
import type { LoginAttempt } from '../../domain/intake.ts';
import { farewell, reply } from '../shared/replies.ts';
import type { Dialogue, Verb } from './dialogue.ts';
import { common, type Reply } from './replies.ts';

const longestLogin = 128;
const longestPassword = 1024;

/** The same whatever was wrong. */
const wrong = 'Login or password is wrong.';

const user: Verb['run'] = async (dialogue, argument) => {
  if (mustEncrypt(dialogue)) return common.encryptFirst;
  await dialogue.leave();
  dialogue.user = argument;
  return (await byCertificate(dialogue, argument)) ?? reply(331, 'And the password?');
};

const mustEncrypt = ({ tls, isEncrypted }: Dialogue): boolean => tls !== undefined && !isEncrypted();

/** The certificate of the TLS handshake is the login, where the channel lists it (RFC 2228, section 3; RFC 4217, section 14). Where it does not, nobody has failed. */
const byCertificate = async (dialogue: Dialogue, login: string): Promise<Reply | undefined> => {
  const fingerprint = dialogue.certificate();
  if (fingerprint === undefined || login.length > longestLogin) return undefined;
  const { context, address, settings } = dialogue;
  const attempt = {
    protocol: settings.protocol,
    address,
    login,
    proof: { kind: 'clientCertificate', fingerprint },
  } as const;
  const would = await dialogue.ask(context.intake.wouldAccept(attempt));
  return isLeft(would) || !would.right ? undefined : enter(dialogue, attempt, reply(232, 'Logged in by certificate.'));
};

const password: Verb['run'] = async (dialogue, argument) => {
  if (mustEncrypt(dialogue)) return common.encryptFirst;
  const login = dialogue.user;
  if (login === undefined || dialogue.loggedIn()) return reply(503, 'USER comes first.');
  dialogue.user = undefined;
  if (login.length > longestLogin || argument.length > longestPassword) return failed(dialogue);
  const { address, settings } = dialogue;
  const proof = { kind: 'password', password: argument } as const;
  return enter(dialogue, { protocol: settings.protocol, address, login, proof }, reply(230, 'Logged in.'));
};

const enter = async (dialogue: Dialogue, attempt: LoginAttempt, welcome: Reply): Promise<Reply> => {
  const result = await dialogue.ask(dialogue.context.intake.login(attempt));
  if (isLeft(result))
    return result.left.reason === 'badCredentials' ? failed(dialogue) : farewell(421, result.left.text);
  if (!dialogue.admit(result.right)) {
    // The client left, or the server is closing, while the password was being checked.
    await result.right.close();
    return farewell(421, 'Too late.');
  }
  dialogue.user = attempt.login;
  return welcome;
};

const failed = (dialogue: Dialogue): Reply => {
  dialogue.failures += 1;
  return dialogue.failures < dialogue.settings.maxLoginAttempts
    ? reply(530, wrong)
    : farewell(421, `${wrong} Too many failed logins in one connection.`);
};

const again: Verb['run'] = async (dialogue) => {
  await dialogue.leave();
  return reply(220, 'Ready for another login.');
};

const quit: Verb['run'] = async (dialogue) => {
  await dialogue.leave();
  return farewell(221, 'Goodbye.');
};

export const loginVerbs: Readonly<Record<string, Verb>> = {
  USER: { syntax: '{{cmd}} <login>', description: 'Tell the login', free: true, run: user },
  PASS: { syntax: '{{cmd}} [<password>]', description: 'Tell the password', free: true, run: password },
  ACCT: {
    syntax: '{{cmd}} <account>',
    description: 'Not needed',
    free: true,
    run: () => reply(202, 'Not needed here.'),
  },
  REIN: { syntax: '{{cmd}}', description: 'Log out', free: true, run: again },
  QUIT: { syntax: '{{cmd}}', description: 'Say goodbye', free: true, run: quit },
};
