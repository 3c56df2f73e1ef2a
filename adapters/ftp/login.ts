/** USER, PASS, REIN and QUIT: who somebody is. */
import { isLeft } from 'fp-ts/lib/Either.js';
import type { Dialogue, Verb } from './dialogue.ts';
import { farewell, type Reply, reply } from './replies.ts';

const longestLogin = 128;
const longestPassword = 1024;

/** The same whatever was wrong. */
const wrong = 'Login or password is wrong.';

const user: Verb['run'] = async (dialogue, argument) => {
  await dialogue.leave();
  dialogue.user = argument;
  return reply(331, 'And the password?');
};

const password: Verb['run'] = async (dialogue, argument) => {
  const login = dialogue.user;
  if (login === undefined || dialogue.loggedIn()) return reply(503, 'USER comes first.');
  dialogue.user = undefined;
  if (login.length > longestLogin || argument.length > longestPassword) return failed(dialogue);
  const { context, address } = dialogue;
  const proof = { kind: 'password', password: argument } as const;
  const result = await dialogue.ask(context.intake.login({ protocol: 'ftp', address, login, proof }));
  if (isLeft(result))
    return result.left.reason === 'badCredentials' ? failed(dialogue) : farewell(421, result.left.text);
  if (!dialogue.admit(result.right)) {
    // The client left, or the server is closing, while the password was being checked.
    await result.right.close();
    return farewell(421, 'Too late.');
  }
  dialogue.user = login;
  return reply(230, 'Logged in.');
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
