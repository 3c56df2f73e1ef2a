/** An intake in memory: whole, and obedient to the test (it can refuse, wait, and end sessions). */
import { left, right } from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import { type Refusal, refusal } from '../../domain/failure.ts';
import type { Answer, Intake, LoginAttempt, Session } from '../../domain/intake.ts';
import { type MailChecks, type MailPolicy, type MailRules, noPolicy, takesMail } from '../../domain/mail.ts';
import { type Home, memoryHome } from './memory-home.ts';
import { memorySession, noMailbox } from './memory-session.ts';

/** Somebody who may come in; `keys` are blobs in base64, `certificates` fingerprints. */
export type Account = {
  readonly login: string;
  readonly password?: string;
  readonly keys?: readonly string[];
  readonly certificates?: readonly string[];
  readonly mail?: MailRules;
};

/** A completed upload. */
export type Delivered = {
  readonly login: string;
  readonly path: string;
  readonly size: number;
  readonly bytes: Buffer;
  readonly modified: number | undefined;
  /** The hash of what was sent, where that is told. */
  readonly asSent: string | undefined;
  /** What was found of a mail. */
  readonly mail: MailChecks | undefined;
  /** The partner's own key for its request. */
  readonly key: string | undefined;
  readonly transfer: string;
};

/** What the intake does next; the test may answer with a refusal, or make it wait. */
export type Before = (operation: string, path: string) => Promise<Refusal | undefined> | Refusal | undefined;

/** What happened, and the test's hands on it. */
export type MemoryIntake = {
  readonly intake: Intake;
  readonly completed: Delivered[];
  readonly abandoned: string[];
  /** Downloads that were closed, and whether their readers have all that they read. */
  readonly closed: { readonly path: string; readonly taken: boolean }[];
  /** Transfers that have come to their end: the test says so. */
  readonly ended: Set<string>;
  /** Keys of requests that run now. */
  readonly running: Set<string>;
  /** Paths of uploads that went on where an earlier one had ended. */
  readonly resumed: string[];
  /** Whether each session that was closed said that its client had the last reply. */
  readonly orderly: boolean[];
  /** Every attempt, passwords left out. */
  readonly attempts: {
    readonly login: string;
    readonly address: string;
    readonly kind: string;
    readonly signed: boolean;
  }[];
  before: Before;
  /** Counts the bytes of uploads and keeps none. */
  countOnly: boolean;
  readonly home: (login: string) => Home;
  readonly sessions: () => number;
  /** Ends the sessions of a login, as when its channel is removed. */
  readonly end: (login: string) => void;
  /** Resolves as soon as it is so. Facts change only by what the intake is asked. */
  readonly until: (fact: () => boolean) => Promise<void>;
  readonly changed: () => void;
};

/** An intake with empty homes. */
export const memoryIntake = (accounts: readonly Account[]): MemoryIntake => {
  const homes = new Map(accounts.map((each) => [each.login, memoryHome()]));
  const open = new Set<{ readonly login: string; readonly end: () => void }>();
  let waiting: { readonly fact: () => boolean; readonly resolve: () => void }[] = [];

  const changed = (): void => {
    const due = waiting.filter((each) => each.fact());
    waiting = waiting.filter((each) => !due.includes(each));
    for (const each of due) each.resolve();
  };

  const home = (login: string): Home => {
    const found = homes.get(login);
    if (found === undefined) throw new Error(`no account ${login}`);
    return found;
  };

  const proves = (account: Account, { login, proof, address }: LoginAttempt): boolean => {
    if (proof.kind === 'recipient')
      return account.mail !== undefined && takesMail(account.mail, { ...proof, sender: login, address }, false);
    if (account.login !== login) return false;
    if (proof.kind === 'password') return account.password === proof.password;
    return proof.kind === 'publicKey'
      ? (account.keys ?? []).includes(proof.blob)
      : (account.certificates ?? []).includes(proof.fingerprint);
  };

  const find = (attempt: LoginAttempt): Account | undefined => accounts.find((each) => proves(each, attempt));

  const openSession = (account: Account, { proof, address }: LoginAttempt): Session => {
    const controller = new AbortController();
    const entry = { login: account.login, end: () => controller.abort() };
    open.add(entry);
    changed();
    const takes = (sender: string, recipient: string): MailPolicy | undefined => {
      const [{ mail }, known] = [account, proof.kind !== 'recipient'];
      if (mail === undefined || !takesMail(mail, { sender, recipient, address }, known)) return undefined;
      return known ? noPolicy : (mail.policy ?? noPolicy);
    };
    return memorySession(memory, account.login, controller.signal, takes, (orderly) => {
      open.delete(entry);
      memory.orderly.push(orderly);
      changed();
    });
  };

  const memory: MemoryIntake = {
    intake: {
      login: (attempt) => async () => {
        const { login, address, proof } = attempt;
        memory.attempts.push({ login, address, kind: proof.kind, signed: proof.kind !== 'publicKey' || proof.signed });
        const objection = await memory.before('login', login);
        changed();
        const account = find(attempt);
        if (objection !== undefined) return left(objection);
        return account === undefined
          ? left(proof.kind === 'recipient' ? noMailbox : refusal('badCredentials', 'login or credentials are wrong'))
          : right(openSession(account, attempt));
      },
      wouldAccept: (attempt) => () => Promise.resolve(right(find(attempt) !== undefined)),
    },
    completed: [],
    abandoned: [],
    closed: [],
    ended: new Set(),
    running: new Set(),
    resumed: [],
    orderly: [],
    attempts: [],
    before: () => undefined,
    countOnly: false,
    home,
    sessions: () => open.size,
    end: (login) => {
      for (const each of open) if (each.login === login) each.end();
    },
    until: (fact) =>
      new Promise((resolve) => {
        if (fact()) resolve();
        else waiting.push({ fact, resolve });
      }),
    changed,
  };
  return memory;
};

/** Asks the test first, then does it. */
export const asked =
  <A>(
    memory: MemoryIntake,
    operation: string,
    path: string,
    act: () => ReturnType<Answer<A>> | Awaited<ReturnType<Answer<A>>>,
  ): TaskEither<Refusal, A> =>
  async () => {
    const objection = await memory.before(operation, path);
    const result = objection === undefined ? await act() : left(objection);
    memory.changed();
    return result;
  };
