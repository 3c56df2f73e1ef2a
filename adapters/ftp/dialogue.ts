/** What the verbs of one control connection know and share. */
import { type Either, isLeft, left } from 'fp-ts/lib/Either.js';
import { type Refusal, refusal } from '../../domain/failure.ts';
import type { Answer, Session } from '../../domain/intake.ts';
import { resolvePath } from '../../domain/path.ts';
import type { ListenerContext } from '../../domain/protocol.ts';
import type { DataChannel } from './data.ts';
import { type Fact, knownFacts } from './formats.ts';
import type { PortPool } from './ports.ts';
import { type Reply, refused } from './replies.ts';
import type { ConnectionTls } from './tls.ts';

/** The settings that verbs look at. */
export type DialogueSettings = {
  /** The protocol's name, to the intake and in the log. */
  readonly protocol: 'ftp' | 'ftps';
  readonly active: boolean;
  readonly passiveHost: string | undefined;
  readonly maxLoginAttempts: number;
  /** How long after the data the end of the control connection may come, where both ended together; milliseconds. */
  readonly settleTime: number;
};

/** A transfer that runs. The signal says that it must end: ABOR, or nobody is there any more. */
export type RunningTransfer = { readonly signal: AbortSignal; readonly abort: () => void; bytes: number };

/** One client's dialogue. Its mutable part is what RFC 959 calls the server's parameters. */
export type Dialogue = {
  readonly settings: DialogueSettings;
  readonly context: ListenerContext;
  readonly pool: PortPool;
  /** Undefined where nothing is ever encrypted. */
  readonly tls: ConnectionTls | undefined;
  /** Both ends of the control connection, as plain addresses. */
  readonly address: string;
  readonly localAddress: string;
  /** Asks the intake; while it works, nobody is idle. */
  readonly ask: <A>(answer: Answer<A>) => Promise<Either<Refusal, A>>;
  readonly say: (reply: Reply) => Promise<void>;
  readonly onActivity: () => void;
  /** Takes over a session that the client may meanwhile have left; false says so. */
  readonly admit: (session: Session) => boolean;
  /** Ends the login. The client heard the last reply, since it went on to say something else. */
  readonly leave: () => Promise<void>;
  readonly isGone: () => boolean;
  readonly session: () => Session;
  readonly loggedIn: () => boolean;
  readonly isEncrypted: () => boolean;
  /** The fingerprint of the certificate that the client has shown, if it has shown a good one. */
  readonly certificate: () => string | undefined;
  /** PROT P was said, or goes without saying. */
  dataProtected: boolean;
  user: string | undefined;
  failures: number;
  cwd: string;
  data: DataChannel | undefined;
  extendedOnly: boolean;
  restart: number;
  /** The size that ALLO announced for the next upload. */
  announced: number | undefined;
  renameFrom: string | undefined;
  facts: readonly Fact[];
  transfer: RunningTransfer | undefined;
};

/** The parameters as they are before a login. */
export const initial = () => ({
  user: undefined,
  cwd: '/',
  data: undefined,
  extendedOnly: false,
  restart: 0,
  announced: undefined,
  renameFrom: undefined,
  facts: knownFacts as readonly Fact[],
});

/** Turns the intake's answer into a reply. */
export const answered = async <A>(
  dialogue: Dialogue,
  answer: Answer<A>,
  then: (value: A) => Reply | Promise<Reply>,
): Promise<Reply> => {
  const result = await dialogue.ask(answer);
  return isLeft(result) ? refused(result.left) : then(result.right);
};

// biome-ignore lint/suspicious/noControlCharactersInRegex: refusing them is the point
const control = /[\u0000-\u001f\u007f]/;

/** Resolves a path that the client named, and goes on with it. Control characters are refused even where `..` would take them away again: names are told back. */
export const at = async (
  { cwd }: Dialogue,
  named: string,
  then: (path: string) => Reply | Promise<Reply>,
): Promise<Reply> => {
  const path = control.test(named)
    ? left(refusal('badName', 'control characters are not allowed in names'))
    : resolvePath(cwd, named);
  return isLeft(path) ? refused(path.left) : then(path.right);
};

/** Takes the data connection that was agreed upon, for one transfer. */
export const takeData = (dialogue: Dialogue): DataChannel | undefined => {
  const { data } = dialogue;
  dialogue.data = undefined;
  return data;
};

/** What a verb is: how it is used (an argument without brackets must be there), whether it needs a login, and what it does. */
export type Verb = {
  readonly syntax: string;
  readonly description: string;
  /** May be said before the login. */
  readonly free?: true;
  readonly run: (dialogue: Dialogue, argument: string) => Reply | Promise<Reply>;
};
