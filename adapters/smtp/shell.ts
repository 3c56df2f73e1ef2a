/**
 * The shell: smtp-server 3.21.6 accepts connections, finds the handler of a command, parses addresses, begins TLS, and
 * finds the end of a mail. What is wrong in it for us is taken out here, over its internals, guarded by
 * spec/adapters/smtp/shell.spec.ts: it ends commands at a bare LF and at the end of the connection, counts commands only
 * where everybody must log in, asks for passwords in clear, and waits 100 ms before it greets.
 */
import type { Server, Socket } from 'node:net';
import type { SMTPServerDataStream, SMTPServerOptions, SMTPServerSession } from 'smtp-server';
import { SMTPServer } from 'smtp-server';
import { SMTPConnection } from 'smtp-server/lib/smtp-connection.js';
import { SMTPStream } from 'smtp-server/lib/smtp-stream.js';
import type { Reply } from '../shared/replies.ts';
import { lineCheck } from './lines.ts';
import { common } from './replies.ts';

/** One connection. */
export type Wire = {
  readonly address: string;
  readonly session: SMTPServerSession;
  /** Says a last word and ends the connection, whether or not the client listens. */
  readonly dismiss: (answer: Reply) => void;
  readonly destroy: () => void;
};

/** What is done with the commands of a connection; no reply means yes. */
export type Served = {
  /** Before anything is made of a command. */
  readonly command: (verb: string) => Reply | undefined;
  readonly login: (login: string, password: string) => Promise<Reply | undefined>;
  readonly from: (sender: string, size: number) => Promise<Reply | undefined>;
  readonly to: (recipient: string) => Promise<Reply | undefined>;
  /** Reads a mail to its end; `say` gives the one reply. */
  readonly data: (mail: AsyncIterable<Buffer>, say: (answer: Reply) => void) => Promise<void>;
  readonly ended: () => void;
};

/** Begins to serve a connection, or says why not. */
export type Serve = (wire: Wire) => Served | Reply;

export type ShellOptions = Pick<SMTPServerOptions, 'name' | 'secure' | 'size' | 'maxRecipients' | 'maxClients'> &
  Pick<SMTPServerOptions, 'socketTimeout' | 'key' | 'cert' | 'minVersion' | 'secureOptions'> & {
    /** Is a password asked for before TLS? */
    readonly loginInClear: boolean;
  };

const unwanted = ['HELP', 'WIZ', 'SHELL', 'KILL', 'XCLIENT', 'XFORWARD'];

/** AUTH needs up to 12288 (RFC 4954, section 4). */
const longestCommand = 12_288;

/** Bytes of commands, of which no CR and no LF stands alone. */
class StrictStream extends SMTPStream {
  onBare: () => void = () => undefined;
  #check = lineCheck(longestCommand * 2);

  override _write(...[chunk, encoding, next]: Parameters<SMTPStream['_write']>): void {
    if (this._dataMode || this.isClosed || chunk.length === 0) {
      super._write(chunk, encoding, next);
      return;
    }
    // Line by line, since what follows a line may be a mail.
    const end = chunk.indexOf('\n') + 1 || chunk.length;
    const [line, rest] = [chunk.subarray(0, end), chunk.subarray(end)];
    if (this.#check(line) === 'bare') {
      this.onBare();
      next();
      return;
    }
    super._write(line, encoding, (error) => {
      if (error || rest.length === 0) next(error);
      else setImmediate(() => this._write(rest, encoding, next));
    });
  }

  /** A command that was cut off is none. */
  override _flushData(): void {
    this._remainder = '';
  }
}

class Connection extends SMTPConnection {
  served: Served | undefined;
  /** While TLS begins, the socket that lies on the plain one. Ended from below, it takes the process with it. */
  top: Socket | undefined;

  override _armTimeout(socket: Socket = this._socket): void {
    this.top = socket;
    super._armTimeout(socket);
  }

  override close(): void {
    if (this._upgrading) this.top?.destroy();
    else super.close();
  }

  /** Called by the constructor of its parent. */
  override _createParser(): SMTPStream {
    const parser = new StrictStream({ maxCommandLength: longestCommand });
    parser.oncommand = (command, callback) => this._onCommand(command, callback);
    parser.on('error', () => this.send(421, 'The line is too long.'));
    parser.onBare = () => this.dismiss(common.bareLine);
    return parser;
  }

  override init(): void {
    connectionOf.set(this.session, this);
    this._setListeners(() => this.connectionReady());
  }

  override _onCommand(command: Buffer, callback?: () => void): void {
    const verb = this._nextHandler ? 'AUTH' : (/^[A-Za-z]+/.exec(command.toString('latin1'))?.[0] ?? '').toUpperCase();
    const objection = this._ready && !this._upgrading ? this.served?.command(verb) : undefined;
    if (objection?.hangUp === true) this.dismiss(objection);
    else if (objection === undefined) super._onCommand(command, callback);
    else {
      this.send(objection.code, objection.text);
      setImmediate(() => callback?.());
    }
  }

  /** Nothing that is sent behind what it was for is looked at. */
  dismiss({ code, text }: Reply): void {
    if (this._parser) this._parser.isClosed = true;
    this.send(code, text);
    this.close();
  }
}

const connectionOf = new WeakMap<SMTPServerSession, Connection>();

class Shell extends SMTPServer {
  /** TLS on a socket that is gone takes the process with it. */
  override _upgrade(...[socket, done]: Parameters<SMTPServer['_upgrade']>): void {
    if (socket.destroyed) done(new Error('the client left before TLS began'));
    else super._upgrade(socket, done);
  }

  override connect(...[socket, options]: Parameters<SMTPServer['connect']>): void {
    const connection = new Connection(this, socket, options);
    this.connections.add(connection);
    connection.on('error', (error: Error) => this._onError(error));
    connection.init();
  }
}

const servedOf = (session: SMTPServerSession): Served => {
  const served = connectionOf.get(session)?.served;
  if (served === undefined) throw new Error('a command came before its connection was served');
  return served;
};

/** An endpoint that does not listen yet. */
export type OpenShell = {
  readonly server: Server;
  /** Ends a client that has not come to its greeting: TLS comes first. */
  readonly endHandshake: (socket: Socket) => void;
  /** Takes no new connection, and answers every further command of the others with a goodbye. */
  readonly close: () => void;
  /** From now on, TLS begins with this certificate. */
  readonly show: (pair: { readonly cert: string; readonly key: string }) => void;
};

/** A reply as the library wants to have it. */
const thrown = ({ code, text }: Reply): Error => Object.assign(new Error(text), { responseCode: code });

/** Opens the shell. `serve` is given each connection before it is greeted. */
export const openShell = ({ loginInClear, ...options }: ShellOptions, serve: Serve): OpenShell => {
  type Answered = (error?: Error | null) => void;
  const asked = (session: SMTPServerSession, answered: Answered, ask: (served: Served) => Promise<Reply | undefined>) =>
    void ask(servedOf(session))
      .catch(() => common.defect)
      .then((answer) => answered(answer === undefined ? null : thrown(answer)));

  const shell: Shell = new Shell({
    ...options,
    disableReverseLookup: true,
    authOptional: true,
    allowInsecureAuth: true,
    hideENHANCEDSTATUSCODES: false,
    heloResponse: '%s',
    // A day is longer than the server's own patience.
    closeTimeout: 86_400_000,
    disabledCommands: unwanted,
    onConnect: (session, answered) => {
      const connection = connectionOf.get(session);
      if (connection === undefined) throw new Error('a session without a connection');
      const served = serve({
        address: connection.remoteAddress,
        session,
        dismiss: (answer) => connection.dismiss(answer),
        destroy: () => connection.top?.destroy(),
      });
      if (!('code' in served)) connection.served = served;
      if (!loginInClear) session.disabledCommands = [...unwanted, 'AUTH'];
      answered('code' in served ? thrown(served) : null);
    },
    onSecure: (_socket, session, answered) => {
      session.disabledCommands = unwanted;
      answered();
    },
    onAuth: ({ username = '', password, authzid, authcid }, session, answered) => {
      // Nobody acts for another here.
      const other = authzid !== undefined && authzid !== '' && authcid !== '' && authzid !== authcid;
      const login = other ? '' : username;
      asked(
        session,
        (error) => (error ? answered(error) : answered(null, { user: login })),
        (served) => served.login(login, password ?? ''),
      );
    },
    onMailFrom: ({ address, args }, session, answered) =>
      asked(session, answered, (served) => served.from(address, args === false ? 0 : Number(args.SIZE ?? 0))),
    onRcptTo: ({ address }, session, answered) => asked(session, answered, (served) => served.to(address)),
    onData: (stream: SMTPServerDataStream, session, answered) => {
      const connection = connectionOf.get(session);
      let said = false;
      const say = ({ code, text, hangUp }: Reply): void => {
        if (said) return;
        said = true;
        if (hangUp === true && connection?._parser) connection._parser.isClosed = true;
        if (code === 250) answered(null, text);
        else answered(thrown({ code, text }));
        if (hangUp === true) connection?.close();
      };
      servedOf(session)
        .data(stream as AsyncIterable<Buffer>, say)
        .catch(() => say(common.defect));
    },
    onClose: (session) => connectionOf.get(session)?.served?.ended(),
  });
  // What breaks a connection is told to nobody but its own handlers.
  shell.on('error', () => undefined);
  return {
    server: shell.server,
    show: (pair) => shell.updateSecureContext(pair),
    endHandshake: (socket) => shell._pendingSockets.get(socket)?.destroy(),
    close: () => shell.close(),
  };
};
