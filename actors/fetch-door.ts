/** The door for inner alone: it shows this dmz's payloads by their keys, to read and nothing else. */
import { isLeft, left, right } from 'fp-ts/lib/Either.js';
import { type Decision, refusal } from '../domain/failure.ts';
import type { Answer, Entry, Intake, LoginAttempt, Session } from '../domain/intake.ts';
import type { PeerHandlers } from '../domain/message.ts';
import { resolvePath } from '../domain/path.ts';
import { payloadKey } from '../domain/payload.ts';
import type { Clock, Log, PayloadStore } from '../domain/ports.ts';
import { download } from './download.ts';

/** What the door rests on. */
export type FetchDoorNeeds = {
  readonly payloads: PayloadStore;
  readonly node: string;
  /** The inner servers of the config. */
  readonly peers: readonly string[];
  /** A peer's public key as its link has verified it, in SSH's form and base64; undefined until it has. */
  readonly keyOf: (peer: string) => string | undefined;
  /** Text that nobody can guess. */
  readonly secret: () => string;
  readonly clock: Clock;
  readonly log: Log;
};

/** The door, and the passwords to it. */
export type FetchDoor = { readonly intake: Intake; readonly ticket: PeerHandlers['ticket'] };

type Ticket = { readonly peer: string; readonly key: string; readonly until: number };

/** Far more than inner has at a time: those that a dead network left behind count, too, until they time out. */
const mostSessions = 64;
const mostTickets = 1000;
const ticketLasts = 60_000;

/**
 * Opens the door. It admits a peer by the key of its link's certificate, over SFTP; or by a ticket that the peer has got
 * over its link, over FTP, which knows no keys: for one login within a minute that sees one payload.
 */
export const openFetchDoor = (needs: FetchDoorNeeds): FetchDoor => {
  const { peers, keyOf, log, clock } = needs;
  const tickets = new Map<string, Ticket>();
  let sessions = 0;
  const knows = ({ login, proof }: LoginAttempt): boolean =>
    peers.includes(login) && proof.kind === 'publicKey' && proof.blob === keyOf(login);

  /** The one key that the login may see, or `all`; undefined where it may not come in. */
  const scopeOf = (attempt: LoginAttempt): string | undefined => {
    const { proof, protocol, login } = attempt;
    if (proof.kind === 'publicKey') return proof.signed && knows(attempt) ? all : undefined;
    if (proof.kind !== 'password') return undefined;
    const ticket = tickets.get(proof.password);
    if (protocol !== 'ftp' || ticket?.peer !== login || ticket.until < clock.monotonic()) return undefined;
    tickets.delete(proof.password);
    return ticket.key;
  };

  const login = (attempt: LoginAttempt): Decision<Session> => {
    const { protocol, address } = attempt;
    const scope = scopeOf(attempt);
    if (scope === undefined) {
      log.warn(`${protocol}: refused to let somebody fetch payloads who is not a peer with a link`, { address });
      return left(refusal('badCredentials', 'only the inner server may fetch payloads'));
    }
    if (sessions >= mostSessions) return left(refusal('tooManySessions', 'too many fetches at the same time'));
    sessions += 1;
    return right(
      session(needs, attempt.login, scope, () => {
        sessions -= 1;
      }),
    );
  };

  const give = (peer: string, key: string): Decision<string> => {
    for (const [secret, { until }] of tickets) if (until < clock.monotonic()) tickets.delete(secret);
    if (tickets.size >= mostTickets) return left(refusal('busy', 'too many tickets that were not used'));
    const secret = needs.secret();
    tickets.set(secret, { peer, key, until: clock.monotonic() + ticketLasts });
    return right(secret);
  };

  return {
    ticket: (from, key) => Promise.resolve(give(from.node, key)),
    intake: {
      login: (attempt) => () => Promise.resolve(login(attempt)),
      wouldAccept: (attempt) => () => Promise.resolve(right(knows(attempt))),
    },
  };
};

const answer =
  <A>(decision: Decision<A>): Answer<A> =>
  () =>
    Promise.resolve(decision);

const no = (): Answer<never> => answer(left(refusal('notPermitted', 'payloads can be read here, and nothing else')));

/** No payload's key. */
const all = '*';
const top: Entry = { name: '/', kind: 'directory', size: 0, modified: 0 };

const session = ({ payloads, node }: FetchDoorNeeds, login: string, scope: string, leave: () => void): Session => {
  const find = async (path: string): Promise<Decision<Entry>> => {
    const resolved = resolvePath('/', path);
    if (isLeft(resolved)) return resolved;
    if (resolved.right === '/') return right(top);
    const key = resolved.right.slice(1);
    const own = payloadKey.safeParse(key).success && key.startsWith(`${node}.`) && (scope === all || scope === key);
    const found = own ? await payloads.stat(key)() : undefined;
    if (found === undefined || isLeft(found)) return left(refusal('notFound', 'there is no such payload'));
    return right({ name: key, kind: 'file', size: found.right.size, modified: found.right.modified });
  };
  return {
    channel: 'transfer',
    login,
    // It is cut off with its connection.
    ended: new AbortController().signal,
    resolve: (path) => answer(resolvePath('/', path)),
    // Keys are for those who were told of them.
    list: (path) => async () => {
      const found = await find(path);
      return isLeft(found) ? found : right(found.right.kind === 'file' ? [found.right] : []);
    },
    stat: (path) => () => find(path),
    download: (path) => async () => {
      const found = await find(path);
      if (isLeft(found)) return found;
      const { name, kind, size } = found.right;
      return kind === 'file'
        ? right(download(payloads, name, size))
        : left(refusal('isDirectory', 'it is a directory'));
    },
    makeDirectory: no,
    removeDirectory: no,
    remove: no,
    rename: no,
    setModified: no,
    wouldTake: no,
    takesMail: no,
    upload: no,
    standing: no,
    close: () => {
      leave();
      return Promise.resolve();
    },
  };
};
