/** One connection: its requests one after the other, the session that they share, and what its end says. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js';
import { type Refusal, refusal } from '../../domain/failure.ts';
import type { Download, Session } from '../../domain/intake.ts';
import type { ListenerContext } from '../../domain/protocol.ts';
import { faultPoint } from '../shared/fault-point.ts';
import { plainAddress } from '../shared/plain-address.ts';
import { CutBody, drained, SlowBody } from './body.ts';
import type { ExchangeSettings } from './exchange.ts';
import { enter } from './login.ts';
import { inForm } from './pages.ts';
import { common, type Reply } from './replies.ts';
import { respond } from './respond.ts';
import type { Wire } from './wire.ts';

/** A connection that is served; `done` resolves when it has ended and its session is closed. */
export type Served = {
  /** Takes a request; `continues`: the client waits for leave to send the body. */
  readonly take: (request: IncomingMessage, response: ServerResponse, continues: boolean) => void;
  /** Would an answer to what the parser could not read be taken for the answer to it, and to nothing before it? */
  readonly mayObject: () => boolean;
  readonly done: Promise<void>;
};

/** Is there nobody any more who could be answered? */
const isOver = ({ destroyed, socket }: ServerResponse): boolean => destroyed || socket?.destroyed === true;

/** A body that is no larger is let go for the sake of the connection. */
const bearable = 65_536;

/** Serves a connection. Once `isClosing`, it ends after the request that runs. */
export const serveConnection = (
  wire: Wire,
  settings: ExchangeSettings,
  context: ListenerContext,
  isClosing: () => boolean,
  certificate: () => string | undefined,
): Served => {
  const { log, intake, clock } = context;
  const { socket } = wire;
  const { protocol } = settings;
  const address = plainAddress(socket.remoteAddress);
  let current: { readonly shown: string; readonly session: Session } | undefined;
  let unheard: Download[] = [];
  let running: ServerResponse | undefined;
  let isNextHere = false;
  /** Since our last answer, the client has said that it is through, or has kept silent for long. */
  let [goodbye, silent] = [false, false];
  socket.on('end', () => {
    // Who has read all of an answer may be gone before we know that it is sent.
    goodbye = running === undefined || running.writableEnded;
  });
  wire.onSilent(() => {
    silent = running === undefined;
  });
  const hangUp = (): void => void socket.destroy();

  /** Whoever asks on has what it was sent. */
  const heard = async (taken: boolean): Promise<void> => {
    const downloads = unheard;
    unheard = [];
    for (const each of downloads) await each.close({ taken });
  };
  const leave = async (orderly: boolean): Promise<void> => {
    const session = current?.session;
    current = undefined;
    if (session === undefined) return;
    session.ended.removeEventListener('abort', hangUp);
    await session.close({ orderly });
    log.info(`${protocol} session ended`, { login: session.login, channel: session.channel, address });
  };
  const sessionOf = async (
    channels: readonly string[],
    authorization: string | undefined,
  ): Promise<Either<Refusal, Session>> => {
    const shown = `${channels.join()}\n${authorization ?? ''}`;
    if (current?.shown === shown) return right(current.session);
    await leave(true);
    const entered = await enter(intake, { protocol, address, channels, authorization, certificate: certificate() });
    if (isLeft(entered)) return entered;
    const session = entered.right;
    if (socket.destroyed || session.ended.aborted) {
      await session.close();
      return left(refusal('unavailable', 'the session has ended'));
    }
    current = { shown, session };
    session.ended.addEventListener('abort', hangUp, { once: true });
    log.info(`${protocol} session started`, { login: session.login, channel: session.channel, address });
    return entered;
  };

  const answer = async (
    request: IncomingMessage,
    response: ServerResponse,
    reply: Reply,
    owed: boolean,
  ): Promise<void> => {
    if (isOver(response)) return;
    const { status, headers, body } = inForm(request, reply);
    const left = !request.complete;
    const known = Number(request.headers['content-length'] ?? Number.NaN);
    const stays = !isClosing() && (!left || (known <= bearable && !owed));
    if (status === 201) faultPoint('reply.before');
    wire.begin(response, status, {
      ...headers,
      ...(status === 304 ? {} : { 'content-length': Buffer.byteLength(body) }),
      ...(stays ? {} : wire.last),
    });
    const closed = new Promise<void>((resolve) => {
      if (isOver(response)) resolve();
      else response.once('close', resolve);
    });
    if (request.method === 'HEAD' || status === 304) response.end();
    else if (left) {
      response.write(body);
      await drained(request, clock);
      response.end();
    } else response.end(body);
    if (!request.complete || isClosing()) wire.finish(response, !isClosing());
    const cancel = clock.after(settings.idleTimeout, () => wire.cut(response));
    await closed.finally(cancel);
    if (status === 201) faultPoint('reply.after');
  };

  const perform = async (request: IncomingMessage, response: ServerResponse, continues: boolean): Promise<void> => {
    let owed = continues;
    try {
      await heard(true);
      const reply = await respond({
        ...{ request, response, context, settings },
        sessionOf,
        proceed: () => {
          if (owed) response.writeContinue();
          owed = false;
        },
        sent: (download) => void unheard.push(download),
        begin: (status, headers) => wire.begin(response, status, headers),
        cut: () => wire.cut(response),
        reached: () => wire.reached(response),
      });
      if (reply !== undefined) await answer(request, response, reply, owed);
    } catch (error) {
      if (error instanceof CutBody) {
        wire.cut(response);
        return;
      }
      if (!(error instanceof SlowBody))
        log.error(`${protocol} request met a defect`, {
          error: error instanceof Error ? (error.stack ?? error.message) : '',
        });
      if (response.headersSent) {
        wire.cut(response);
        return;
      }
      await answer(request, response, error instanceof SlowBody ? common.slow : common.defect, true);
    }
  };

  let performed = Promise.resolve();
  const done = new Promise<void>((resolve) => {
    socket.once('close', (broken) => {
      const finish = async (): Promise<void> => {
        await performed;
        await heard(!broken && (goodbye || silent));
        await leave(!broken && goodbye);
      };
      finish()
        .catch((error: unknown) => log.error(`${protocol} session did not end well`, { address, error: String(error) }))
        .finally(resolve);
    });
  });
  const take: Served['take'] = (request, response, continues) => {
    // Of an answer that nobody waits for, nothing need be known.
    response.on('error', () => undefined);
    if (running !== undefined) {
      // One at a time: a request that did not wait for the answer before it tells nothing of that. But who has read all of
      // an answer may be quicker than the news that it is sent.
      if (!running.writableEnded || isNextHere) wire.refuse(response);
      else {
        isNextHere = true;
        void performed.then(() => {
          isNextHere = false;
          take(request, response, continues);
        });
      }
      return;
    }
    running = response;
    performed = perform(request, response, continues)
      .catch((error: unknown) => {
        log.error(`${protocol} connection met a defect`, { address, error: String(error) });
        socket.destroy();
      })
      .finally(() => {
        running = undefined;
      });
  };
  return {
    take,
    mayObject: () => running === undefined || !(running.headersSent || running.req.complete),
    done,
  };
};
