/**
 * The shell: ftp-srv 4.6.3 accepts connections, greets, finds the handler of a verb, refuses what needs a login, and
 * handles the verbs that touch nothing. What is wrong in it is taken out here, over its internals; guarded by
 * spec/adapters/ftp/shell.spec.ts.
 */
import type { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import type { Server, Socket } from 'node:net';
import { FtpSrv } from 'ftp-srv';
import { type Reply, replyText } from './replies.ts';
import { verbs } from './verbs.ts';

/** One control connection. Nobody else reads its socket. */
export type Wire = {
  readonly socket: Socket;
  /** Goes on over another socket, which `wrap` puts around the present one; what the present one has buffered is dropped. */
  readonly encrypt: (wrap: (plain: Socket) => Socket) => void;
  /** Looks the verb up and performs it, once the client is logged in where that is needed. */
  readonly dispatch: (verb: string, argument: string) => Promise<void>;
  /** Sends a reply, at once and in one piece. Resolves when the system has it, or nobody is there. */
  readonly say: (reply: Reply) => Promise<void>;
  /** Is told of the code of each reply that has been sent, whoever sent it. */
  onReply: (code: number) => void;
  readonly setLoggedIn: (loggedIn: boolean) => void;
};

/** How a verb of ours is performed on a connection. */
export type Perform = (verb: string, argument: string) => Promise<void>;

type Command = { readonly directive: string; readonly arg: string; readonly flags: readonly string[] };
type Connection = {
  commandSocket: Socket;
  readonly commands: { readonly handle: (command: Command) => PromiseLike<unknown> };
  authenticated: boolean;
  /** As its own handlers use it: only the code, or several lines. */
  reply: (code: number, ...lines: readonly string[]) => Promise<void>;
};
type Entry = {
  readonly directive: string;
  readonly syntax: string;
  readonly description: string;
  readonly flags: { readonly no_auth: boolean };
  readonly handler: (this: Connection, given: { readonly command: Command }) => unknown;
};

const performers = new WeakMap<object, Perform>();
const load = createRequire(import.meta.url);
const registry = load('ftp-srv/src/commands/registry') as Record<string, Entry>;
const texts = load('ftp-srv/src/messages') as Record<number, string>;
const kept = ['HELP', 'MODE', 'NOOP', 'STRU', 'SYST'];
for (const verb of Object.keys(registry)) if (!kept.includes(verb)) Reflect.deleteProperty(registry, verb);
for (const [directive, { syntax, description, free }] of Object.entries(verbs))
  registry[directive] = {
    directive,
    syntax,
    description,
    flags: { no_auth: free === true },
    handler({ command }) {
      return performers.get(this)?.(command.directive, command.arg);
    },
  };

/** Its own logging is off: it would log what partners send. */
const quiet = { child: () => quiet, trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing };
function nothing(): void {}

/** Opens the shell, not yet listening. `serve` is given each connection before it is greeted, and answers how its verbs are performed. */
export const openShell = (greeting: string | undefined, serve: (wire: Wire) => Perform): Server => {
  const shell = withoutSignals(() => new FtpSrv({ log: quiet, ...(greeting === undefined ? {} : { greeting }) }));
  const internals = shell as unknown as {
    readonly server: Server;
    readonly connections: Record<string, unknown>;
    disconnectClient: (id: string) => Promise<void>;
  };
  // Its own leaves a timer behind for each connection.
  internals.disconnectClient = (id) => Promise.resolve(void Reflect.deleteProperty(internals.connections, id));
  const emitter: EventEmitter = shell;
  emitter.on('connect', ({ connection }: { readonly connection: Connection }) => {
    performers.set(connection, serve(wireOf(connection)));
  });
  return internals.server;
};

const wireOf = (connection: Connection): Wire => {
  let socket = connection.commandSocket;
  // Its parser takes lines of any length, and only whole ones.
  socket.removeAllListeners('data');
  socket.setNoDelay(true);
  const send = (code: number, text: string): Promise<void> => {
    if (!socket.writable) return Promise.resolve();
    const sent = new Promise<void>((resolve) => socket.write(text, () => resolve()));
    wire.onReply(code);
    return sent;
  };
  // Its own reply writes line by line, with turns of the loop between them, in which another reply may come.
  connection.reply = (code, ...lines) => send(code, replyText(code, lines.length > 0 ? lines : [texts[code] ?? '']));
  const wire: Wire = {
    get socket() {
      return socket;
    },
    encrypt: (wrap) => {
      const plain = socket;
      plain.removeAllListeners('data').pause();
      while (plain.read() !== null);
      socket = connection.commandSocket = wrap(plain);
    },
    dispatch: async (verb, argument) => {
      await connection.commands.handle({ directive: verb, arg: argument, flags: [] });
    },
    say: ({ code, text, body }) => send(code, replyText(code, [text], body)),
    onReply: nothing,
    setLoggedIn: (loggedIn) => {
      connection.authenticated = loggedIn;
    },
  };
  return wire;
};

/** ftp-srv would end the process on SIGTERM, SIGINT and SIGQUIT, whatever else is running in it. */
const withoutSignals = <A>(make: () => A): A => {
  Object.defineProperty(process, 'on', { value: () => process, configurable: true });
  try {
    return make();
  } finally {
    Reflect.deleteProperty(process, 'on');
  }
};
