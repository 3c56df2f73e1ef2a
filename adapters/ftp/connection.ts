/** One control connection, from the greeting to its end: lines in, one command after the other, replies out. */
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Session } from '../../domain/intake.ts';
import type { ListenerContext } from '../../domain/protocol.ts';
import { faultPoint } from '../shared/fault-point.ts';
import { plainAddress } from '../shared/plain-address.ts';
import { farewell, reply } from '../shared/replies.ts';
import { type Dialogue, type DialogueSettings, initial, takeData } from './dialogue.ts';
import { commandIn, controlLines } from './lines.ts';
import type { PortPool } from './ports.ts';
import { commandQueue, type Item } from './queue.ts';
import { common, type Reply } from './replies.ts';
import type { Perform, Wire } from './shell.ts';
import type { ConnectionTls } from './tls.ts';
import { verbs } from './verbs.ts';

/** The limits of a connection, in milliseconds and counts. */
export type ConnectionSettings = DialogueSettings & { readonly idleTimeout: number; readonly loginTimeout: number };

/** A connection that is being served; `done` resolves when it has ended and its session is closed. */
export type Served = { readonly perform: Perform; readonly done: Promise<void> };

/** How long a client may take to read our goodbye. */
const goodbye = 1000;
const longestForShell = 64;
/** An OK to these makes a file ours. */
const promises = new Set(['STOR', 'APPE', 'STOU', 'RNTO']);
const overData = new Set(['STOR', 'APPE', 'STOU', 'RETR', 'LIST', 'NLST', 'MLSD']);

const tooLong = reply(500, 'The line is too long.');
const unknown = reply(500, 'This is no command: a line is a verb and an argument, and ends with CR LF.');
const closing = farewell(421, 'The server is closing; come back later.');

/** Serves a connection. Once `isClosing`, what runs is finished and nothing new is begun. */
export const serveConnection = (
  wire: Wire,
  settings: ConnectionSettings,
  pool: PortPool,
  context: ListenerContext,
  isClosing: () => boolean,
  tls: ConnectionTls | undefined,
): Served => {
  const { log, clock } = context;
  const { protocol } = settings;
  const address = plainAddress(wire.socket.remoteAddress);
  let lines = controlLines();
  let session: Session | undefined;
  let over = false;
  let orderly = false;
  /** Replies that the client has not been sent; the greeting is the first. */
  let owed = 1;
  let asking = 0;
  let lastActivity = clock.monotonic();
  let cancelTimer = (): void => undefined;

  const onActivity = (): void => {
    lastActivity = clock.monotonic();
  };
  const stop = (): void => {
    over = true;
    cancelTimer();
    dialogue.transfer?.abort();
    dialogue.data?.close();
    void queue.stop();
  };
  /** Says a last word and ends the connection, whether or not the client listens. */
  const dismiss = (answer: Reply): void => {
    if (over) return;
    const said = wire.say(answer);
    stop();
    cancelTimer = clock.after(goodbye, () => wire.socket.destroy());
    void said.then(() => wire.socket.end());
  };
  const say = async (answer: Reply): Promise<void> => {
    if (answer.hangUp === true) dismiss(answer);
    else if (answer.startTls === true) startTls(answer);
    else if (!over) await wire.say(answer);
  };
  const onEnded = (): void => dismiss(farewell(421, 'The session has ended.'));

  const watch = (): void => {
    cancelTimer();
    if (over) return;
    const limit = session === undefined ? settings.loginTimeout : settings.idleTimeout;
    const left = asking > 0 ? limit : lastActivity + limit - clock.monotonic();
    if (left > 0) cancelTimer = clock.after(left, watch);
    else dismiss(farewell(421, session === undefined ? 'The login took too long.' : 'Nothing has moved for too long.'));
  };

  const leave = async (heard: boolean): Promise<void> => {
    dialogue.data?.close();
    Object.assign(dialogue, initial());
    wire.setLoggedIn(false);
    const ending = session;
    session = undefined;
    watch();
    if (ending === undefined) return;
    ending.ended.removeEventListener('abort', onEnded);
    await ending.close({ orderly: heard });
    log.info(`${protocol} session ended`, { login: ending.login, channel: ending.channel, address });
  };

  const dialogue: Dialogue = {
    ...initial(),
    failures: 0,
    transfer: undefined,
    settings,
    context,
    pool,
    address,
    tls,
    localAddress: plainAddress(wire.socket.localAddress),
    dataProtected: tls?.mode === 'implicit',
    ask: async (answer) => {
      asking += 1;
      try {
        return await answer();
      } finally {
        asking -= 1;
        onActivity();
      }
    },
    say,
    onActivity,
    admit: (admitted) => {
      if (over || admitted.ended.aborted) return false;
      session = admitted;
      wire.setLoggedIn(true);
      admitted.ended.addEventListener('abort', onEnded, { once: true });
      onActivity();
      watch();
      log.info(`${protocol} session started`, { login: admitted.login, channel: admitted.channel, address });
      return true;
    },
    leave: () => leave(true),
    isGone: () => over,
    session: () => {
      if (session === undefined) throw new Error('a verb that needs a login was performed without one');
      return session;
    },
    loggedIn: () => session !== undefined,
    isEncrypted: () => wire.socket instanceof TLSSocket,
    certificate: () => tls?.certificateOf(wire.socket),
  };

  const handle = async (item: Item): Promise<void> => {
    try {
      if ('code' in item) await say(item);
      else if (isClosing() && item.verb !== 'QUIT') await say(closing);
      // What ftp-srv itself looks into is short.
      else if (verbs[item.verb] === undefined && item.argument.length > longestForShell) await say(common.badArgument);
      else await wire.dispatch(item.verb, item.argument);
    } catch (error) {
      log.error('an ftp command met a defect', { error: error instanceof Error ? (error.stack ?? error.message) : '' });
      await say(common.defect);
    }
  };
  const queue = commandQueue({
    handle,
    isTransferring: () => dialogue.transfer !== undefined,
    onAbort: () => dialogue.transfer?.abort(),
    onOverflow: () => dismiss(farewell(421, 'Too many commands at once.')),
    onChange: () => read(),
  });
  let reading = false;
  /** Takes what came from the client as far as there is room for it, and only then more. */
  const read = (): void => {
    if (reading) return;
    reading = true;
    while (!over && queue.hasRoom()) {
      const line = lines.next();
      if (line === undefined) break;
      owed += 1;
      queue.add(line.kind === 'tooLong' ? tooLong : (commandIn(line.text) ?? unknown));
    }
    reading = false;
    if (queue.hasRoom()) wire.socket.resume();
    else wire.socket.pause();
  };

  wire.onReply = (code) => {
    if (code >= 200) owed -= 1;
  };
  const listenTo = (socket: Socket): void => {
    socket.on('data', (bytes: Buffer) => {
      if (session !== undefined) onActivity();
      lines.give(bytes);
      read();
    });
    socket.once('end', () => {
      orderly = !over && owed === 0;
      stop();
    });
  };
  /** In one turn of the loop: what comes after the 234 belongs to the handshake, and what came before it to nobody. */
  const startTls = (answer: Reply): void => {
    if (over || tls === undefined) return;
    queue.clear();
    lines = controlLines();
    owed = 1;
    void wire.say(answer);
    wire.encrypt(tls.control);
    listenTo(wire.socket);
  };
  const { socket } = wire;
  listenTo(socket);
  watch();

  const finish = async (): Promise<void> => {
    stop();
    await queue.stop();
    await leave(orderly);
  };
  const done = new Promise<void>((resolve) => {
    socket.once('close', () => {
      finish()
        .catch((error: unknown) => log.error('an ftp session did not end well', { address, error: String(error) }))
        .finally(resolve);
    });
  });
  return {
    perform: async (verb, argument) => {
      const found = verbs[verb];
      if (found === undefined) throw new Error(`${verb} is registered with ftp-srv, and not ours`);
      const incomplete = argument === '' && / </.test(found.syntax);
      const unprotected = tls !== undefined && !dialogue.dataProtected && overData.has(verb);
      if (unprotected) takeData(dialogue)?.close();
      const answer = incomplete
        ? common.badArgument
        : unprotected
          ? common.protectFirst
          : await found.run(dialogue, argument);
      const promise = promises.has(verb);
      if (promise) faultPoint('reply.before');
      await say(answer);
      if (promise) faultPoint('reply.after');
    },
    done,
  };
};
