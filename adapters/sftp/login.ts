/** SSH user authentication (RFC 4252, RFC 4256): password, public key, and one password prompt. */
import ssh2, { type AuthContext, type PublicKeyAuthContext } from 'ssh2';
import type { Answer, Intake, LoginAttempt, Proof, Session } from '../../domain/intake.ts';
import { fingerprint } from './fingerprint.ts';

/** `admit` takes the session over and must itself find out whether the client still wants it; `giveUp` disconnects. */
export type LoginOptions = {
  readonly intake: Intake;
  readonly address: string;
  readonly mostFailures: number;
  readonly admit: (session: Session, accept: () => void) => void;
  readonly giveUp: () => void;
};

const methods: ('publickey' | 'password' | 'keyboard-interactive')[] = [
  'publickey',
  'password',
  'keyboard-interactive',
];
/** Keys that a client may merely ask about: agents try all they hold. */
const mostQuestions = 30;
const longestLogin = 128;
const longestPassword = 1024;

/** Handles a connection's authentication requests. Every "no" sounds the same, whatever was wrong. */
export const authentication = (options: LoginOptions): ((context: AuthContext) => void) => {
  const { intake, address, mostFailures, admit } = options;
  let failures = 0;
  let questions = 0;
  let over = false;

  const giveUp = (): void => {
    over = true;
    options.giveUp();
  };

  const sayNo = (context: AuthContext): void => {
    context.reject(methods);
    if (failures >= mostFailures || questions >= mostQuestions) giveUp();
  };
  const fail = (context: AuthContext): void => {
    failures += 1;
    sayNo(context);
  };

  const attemptOf = (context: AuthContext, proof: Proof): LoginAttempt | undefined =>
    context.username.length > longestLogin || context.username === ''
      ? undefined
      : { protocol: 'sftp', address, login: context.username, proof };

  const login = async (context: AuthContext, proof: Proof): Promise<void> => {
    const attempt = attemptOf(context, proof);
    const result = attempt === undefined ? undefined : await intake.login(attempt)();
    if (result?._tag === 'Right') {
      admit(result.right, () => context.accept());
      return;
    }
    fail(context);
    if (result !== undefined && result.left.reason !== 'badCredentials') giveUp();
  };

  const password = (context: AuthContext, value: unknown): Promise<void> => {
    // A request to change the password arrives as an object; there is no such thing here.
    const usable = typeof value === 'string' && value.length <= longestPassword;
    return login(context, { kind: 'password', password: usable ? value : '' });
  };

  const publicKey = async (context: PublicKeyAuthContext): Promise<void> => {
    const proof = proofOf(context);
    const attempt = proof === undefined ? undefined : attemptOf(context, proof);
    if (proof !== undefined && context.signature !== undefined) {
      if (signatureHolds(context)) await login(context, proof);
      else fail(context);
      return;
    }
    questions += 1;
    if (attempt !== undefined && (await accepts(intake.wouldAccept(attempt)))) context.accept();
    else sayNo(context);
  };

  const handle = async (context: AuthContext): Promise<void> => {
    switch (context.method) {
      case 'password':
        return password(context, context.password);
      case 'publickey':
        return publicKey(context);
      case 'keyboard-interactive':
        questions += 1;
        if (questions > mostQuestions) {
          sayNo(context);
          return;
        }
        context.prompt([{ prompt: 'Password: ', echo: false }], (answers: unknown) => {
          if (Array.isArray(answers)) settle(password(context, answers[0]), giveUp);
        });
        return;
      default:
        questions += 1;
        sayNo(context);
    }
  };
  return (context) => {
    // What was already on its way when we hung up is not looked at.
    if (!over) settle(handle(context), giveUp);
  };
};

/** A defect of the intake must not leave a client waiting. */
const settle = (work: Promise<void>, giveUp: () => void): void => void work.catch(giveUp);

const accepts = async (answer: Answer<boolean>): Promise<boolean> => {
  const result = await answer();
  return result._tag === 'Right' && result.right;
};

const keyTypes = ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521', 'ssh-rsa'];

/** RSA without a hash name would be SHA-1 (RFC 8332, section 1): refused. */
const proofOf = ({ key, hashAlgo, signature }: PublicKeyAuthContext): Proof | undefined =>
  !keyTypes.includes(key.algo) || (key.algo === 'ssh-rsa' && hashAlgo === undefined)
    ? undefined
    : {
        kind: 'publicKey',
        algorithm: key.algo,
        blob: key.data.toString('base64'),
        fingerprint: fingerprint(key.data),
        signed: signature !== undefined,
      };

const signatureHolds = ({ key, blob, signature, hashAlgo }: PublicKeyAuthContext): boolean => {
  const parsed = ssh2.utils.parseKey(`${key.algo} ${key.data.toString('base64')}`);
  if (parsed instanceof Error || blob === undefined || signature === undefined || parsed.type !== key.algo)
    return false;
  // ssh2 returns an Error, which is truthy, for a signature that it cannot read.
  const verdict: unknown = parsed.verify(blob, signature, hashAlgo);
  return verdict === true;
};
