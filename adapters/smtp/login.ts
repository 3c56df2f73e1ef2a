/** AUTH: who somebody is (RFC 4954). */
import { isLeft } from 'fp-ts/lib/Either.js';
import { farewell, type Reply, reply } from '../shared/replies.ts';
import { admit, type Dialogue } from './dialogue.ts';
import { common, refused } from './replies.ts';

const longestLogin = 128;
const longestPassword = 1024;

/** The same whatever was wrong. */
const wrong = 'Login or password is wrong.';

/** Logs in; a reply says why not. */
export const logIn = async (dialogue: Dialogue, login: string, password: string): Promise<Reply | undefined> => {
  const { context, settings, wire } = dialogue;
  if (login === '' || login.length > longestLogin || password.length > longestPassword) return failed(dialogue);
  const proof = { kind: 'password', password } as const;
  const attempt = { protocol: settings.protocol, address: wire.address, login, proof };
  const result = await context.intake.login(attempt)();
  if (isLeft(result)) return result.left.reason === 'badCredentials' ? failed(dialogue) : refused(result.left);
  const admitted = await admit(dialogue, { session: result.right, sender: undefined });
  return admitted ? undefined : common.ended;
};

const failed = (dialogue: Dialogue): Reply => {
  dialogue.failures += 1;
  return dialogue.failures < dialogue.settings.maxLoginAttempts
    ? reply(535, wrong)
    : farewell(421, `${wrong} Too many failed logins in one connection.`);
};
