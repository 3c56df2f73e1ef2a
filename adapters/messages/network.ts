/** The connections of a server: who listens, who dials what, and to which link each connection belongs. */
import { randomUUID } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { type Either, isLeft, right } from 'fp-ts/lib/Either.js';
import { type LinkState, mayAsk, type Peer, type PeerHandlers } from '../../domain/message.ts';
import type { Clock, Log } from '../../domain/ports.ts';
import { otherRole, type Role } from '../../domain/role.ts';
import type { Answering, Connection } from './connection.ts';
import { dial, keepOpen } from './dial.ts';
import { wordsOf } from './failures.ts';
import { awaitHello, type Greeter, sayHello } from './greet.ts';
import { type Lane, protocolVersion } from './hello.ts';
import { identify, type KnownPeer } from './identity.ts';
import { limits } from './limits.ts';
import { type Link, link } from './link.ts';
import { type Caller, listen } from './listener.ts';
import { forward, reverse } from './tls.ts';

/** What a server's message service is made of; `ca`, `certificate` and `key` are PEM texts. */
export type MessageServiceOptions = {
  readonly role: Role;
  readonly node: string;
  readonly mode: 'pushback' | 'direct';
  readonly host: string;
  readonly port: number;
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
  readonly peers: readonly KnownPeer[];
  readonly maxMessageSize: number;
  readonly log: Log;
  readonly clock: Clock;
  readonly random?: () => number;
};

/** The links of a server, by the peer's node; those of one that was not started are down. */
export type Network = {
  readonly links: ReadonlyMap<string, Link>;
  /** Certificates (DER) of the peers that have proved to be themselves. */
  readonly certificates: ReadonlyMap<string, Uint8Array>;
  readonly start: (handlers: PeerHandlers) => Promise<void>;
  readonly close: () => Promise<void>;
};

/** On which a role asks. What others rest on comes first: once events come in, whoever takes them in can fetch. */
const lanesOf = (role: Role): readonly Lane[] => [
  ...(mayAsk[role].includes('payload') ? (['bulk'] as const) : []),
  ...(mayAsk[role].includes('through') ? (['through'] as const) : []),
  'events',
];

const reverseOf = (lane: Lane): string => (lane === 'through' ? reverse.through : reverse.events);

type Dialled = KnownPeer & { readonly host: string };

/** Makes the network. In pushback mode only inner dials, and only dmz listens. */
export const network = (options: MessageServiceOptions, changed: (state: LinkState) => void): Network => {
  const { role, node, mode, log, clock, maxMessageSize } = options;
  const stop = new AbortController();
  const open = new Set<Connection>();
  const lanes = lanesOf(role);
  const links = new Map<string, Link>(
    options.peers.map((peer) => [peer.node, link({ role: otherRole(role), node: peer.node }, lanes, changed)]),
  );
  const linkOf = (peer: string): Link => {
    const found = links.get(peer);
    if (found === undefined) throw new Error(`there is no link to ${peer}`);
    return found;
  };
  const certificates = new Map<string, Uint8Array>();
  const check = (socket: TLSSocket): Either<string, Peer> => {
    const identified = identify(socket, { role, peers: options.peers, now: clock.now() });
    if (isLeft(identified)) return identified;
    const { peer, certificate } = identified.right;
    certificates.set(peer.node, certificate);
    return right(peer);
  };
  const track = (connection: Connection): void => {
    open.add(connection);
    void connection.closed.then(() => open.delete(connection));
  };

  const accept = (greeter: Greeter, { socket, peer, protocol, admit, blame }: Caller): void => {
    const to = linkOf(peer.node);
    const backwards = lanes.find((lane) => reverseOf(lane) === protocol);
    if (backwards !== undefined) {
      sayHello(greeter, socket, peer, backwards).then(
        (connection) => {
          admit();
          to.addAsking(backwards, connection);
        },
        (error: unknown) => blame(wordsOf(error)),
      );
      return;
    }
    awaitHello(greeter, socket, peer, {
      greeted: (lane, connection) => {
        admit();
        to.addAnswering(lane, connection);
      },
      refused: blame,
    });
  };

  const connectsOf = (greeter: Greeter, peer: Dialled): readonly ((signal: AbortSignal) => Promise<Connection>)[] => {
    const to = linkOf(peer.node);
    const reach = async (protocol: string, signal: AbortSignal) => {
      const { host, port } = peer;
      const reached = await dial({ host, port, own: options, protocol, identify: check, clock, signal });
      if (reached.peer.node === peer.node) return reached;
      reached.socket.destroy();
      throw new Error(`${reached.peer.node} answers at ${host}:${port}`);
    };
    const forwards = lanes.map((lane) => async (signal: AbortSignal) => {
      const reached = await reach(forward, signal);
      const connection = await sayHello(greeter, reached.socket, reached.peer, lane);
      to.addAsking(lane, connection);
      return connection;
    });
    const backwards = lanesOf(otherRole(role)).map((lane) => async (signal: AbortSignal) => {
      const reached = await reach(reverseOf(lane), signal);
      const connection = await greetedBack(greeter, reached, lane);
      to.addAnswering(lane, connection);
      return connection;
    });
    return mode === 'pushback' ? [...forwards, ...backwards] : forwards;
  };

  let running: readonly Promise<void>[] = [];
  let listening: { close(): Promise<void> } | undefined;

  const start = async (handlers: PeerHandlers): Promise<void> => {
    const own = { role, node, version: protocolVersion, instance: randomUUID() };
    const greeter: Greeter = { own, handlers, maxMessageSize, log, clock, track };
    if (role === 'dmz' || mode === 'direct')
      listening = await listen({
        host: options.host,
        port: options.port,
        own: options,
        protocols: mode === 'pushback' ? [forward, ...lanes.map(reverseOf)] : [forward],
        identify: check,
        accept: (caller) => accept(greeter, caller),
        log,
        clock,
      });
    if (role === 'dmz' && mode === 'pushback') return;
    const random = options.random ?? Math.random;
    running = options.peers
      .filter((peer): peer is Dialled => peer.host !== undefined)
      // while a key is being renewed a node has two fingerprints, and still one link
      .filter((peer, i, all) => all.findIndex((other) => other.node === peer.node) === i)
      .map((peer) => {
        const name = `${peer.node} at ${peer.host}:${peer.port}`;
        return keepOpen({ name, connects: connectsOf(greeter, peer), log, clock, random, signal: stop.signal });
      });
  };

  const close = async (): Promise<void> => {
    stop.abort();
    const closing = listening?.close();
    await Promise.all([...open].map((connection) => connection.close()));
    await Promise.all([closing, ...running]);
  };

  return { links, certificates, start, close };
};

/** Waits for the peer's hello on a connection that we dialled for it. */
const greetedBack = async (
  greeter: Greeter,
  { socket, peer }: Awaited<ReturnType<typeof dial>>,
  lane: Lane,
): Promise<Answering> => {
  let why = 'it hung up before its hello; its log says why';
  const answered = new Promise<Answering>((resolve, reject) => {
    const connection = awaitHello(greeter, socket, peer, {
      greeted: (said, greeted) => {
        cancel();
        if (said === lane) resolve(greeted);
        else greeted.destroy();
      },
      refused: (text) => {
        why = text;
      },
    });
    const cancel = greeter.clock.after(limits.hello, () => {
      why = `no hello within ${limits.hello / 1000} s`;
      connection.destroy();
    });
    void connection.closed.then(() => {
      cancel();
      reject(new Error(why));
    });
  });
  return answered;
};
