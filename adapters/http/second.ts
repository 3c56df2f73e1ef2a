/** HTTP/2 (RFC 9113) over TLS: one request at a time a connection, so that who asks on has what it was sent, as in HTTP/1.1. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { constants, createServer, type Http2ServerResponse, type ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { Clock } from '../../domain/ports.ts';
import type { Served } from './connection.ts';
import { type Count, floodgate } from './floodgate.ts';
import type { Wire } from './wire.ts';

const { NGHTTP2_CANCEL, NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_REFUSED_STREAM } = constants;

/** How much of a body may be on its way before it is taken. */
const window = 1024 * 1024;

/** Its bounds; times in milliseconds. */
export type SecondSettings = {
  readonly longestHead: number;
  readonly requestTimeout: number;
  readonly keepAlive: number;
};

/** Makes what serves connections that have agreed on HTTP/2. */
export const secondServer = (
  { longestHead, requestTimeout, keepAlive }: SecondSettings,
  clock: Clock,
  serve: (wire: Wire) => Pick<Served, 'take'>,
): ((socket: Socket) => void) => {
  const server = createServer({
    settings: { maxConcurrentStreams: 1, maxHeaderListSize: longestHead, initialWindowSize: window },
    maxHeaderListPairs: 128,
    maxSessionInvalidFrames: 100,
    maxSessionRejectedStreams: 100,
  });
  // Of a broken session, whoever serves it hears by its socket.
  server.on('sessionError', () => undefined);
  const served = new WeakMap<object, Pick<Served, 'take'>>();
  const begin = (continues: boolean) => (request: object, response: Http2ServerResponse) => {
    const { session } = response.stream;
    const by = session === undefined ? undefined : served.get(session);
    if (by === undefined) {
      response.stream.close(NGHTTP2_REFUSED_STREAM);
      return;
    }
    const cancel = clock.after(requestTimeout, () => response.stream.close(NGHTTP2_CANCEL));
    response.once('close', cancel);
    // Node promises that both kinds of requests and answers are used alike.
    by.take(request as IncomingMessage, response as unknown as ServerResponse, continues);
  };
  server.on('request', begin(false));
  server.on('checkContinue', begin(true));

  return (socket) => {
    server.once('session', (session: ServerHttp2Session) => {
      session.setLocalWindowSize(window);
      const count = floodgate(clock, () => session.destroy(undefined, NGHTTP2_ENHANCE_YOUR_CALM));
      session.on('ping', count).on('remoteSettings', count);
      served.set(session, serve(wireOf(socket, session, count, clock, keepAlive)));
    });
    server.emit('connection', socket);
  };
};

const streamOf = (response: ServerResponse) => (response as unknown as Http2ServerResponse).stream;

const wireOf = (socket: Socket, session: ServerHttp2Session, count: Count, clock: Clock, keepAlive: number): Wire => {
  const silences: (() => void)[] = [];
  const wait = () =>
    clock.after(keepAlive, () => {
      for (const act of silences) act();
      session.destroy();
    });
  let cancel = wait();
  socket.once('close', () => cancel());
  session.on('stream', (stream) => {
    cancel();
    stream.once('aborted', count);
    stream.once('close', () => {
      cancel();
      if (!session.destroyed) cancel = wait();
    });
  });
  return {
    socket,
    last: {},
    // Not as an answer would do it by itself: its end would come after its last bytes, for trailers, and be a reset to
    // clients that are gone by then.
    begin: (response, status, headers) => {
      const stream = streamOf(response);
      if (!stream.destroyed && !stream.closed) stream.respond({ ...headers, ':status': status });
    },
    refuse: (response) => {
      count();
      streamOf(response).close(NGHTTP2_REFUSED_STREAM);
    },
    cut: (response) => streamOf(response).close(NGHTTP2_CANCEL),
    finish: (response, stays) => {
      // To end the request alone, by a reset behind an answer that has ended, can take Node 20 into an endless loop.
      if (stays) streamOf(response).once('finish', () => session.destroy());
      else session.close();
    },
    // Whoever answers a ping has read what was sent before it; and had it not wanted that, it would have said so before.
    reached: (response) =>
      new Promise((resolve) => {
        const stream = streamOf(response);
        const settle = (well: boolean) => (): void => {
          stop();
          stream.off('close', gone);
          resolve(well);
        };
        const gone = settle(false);
        const stop = clock.after(keepAlive, gone);
        stream.once('close', gone);
        if (stream.destroyed || !session.ping((error) => settle(error === null && !stream.destroyed)())) gone();
      }),
    onSilent: (act) => void silences.push(act),
  };
};
