/** The endpoint: accepts connections within its limits and knows those that run. */
import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https';
import { Server as PlainServer, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Listener, ListenerContext } from '../../domain/protocol.ts';
import { bound } from '../shared/bound.ts';
import { plainAddress } from '../shared/plain-address.ts';
import { type Served, serveConnection } from './connection.ts';
import { type CrowdLimits, makeCrowd } from './crowd.ts';
import type { ExchangeSettings } from './exchange.ts';
import { common, onWire, problem } from './replies.ts';
import { secondServer } from './second.ts';
import { upgrading } from './through/upgrades.ts';
import type { EndpointTls } from './tls.ts';
import { firstWire, type Wire } from './wire.ts';

/** The settings of one endpoint; times in milliseconds. */
export type ListenerSettings = ExchangeSettings &
  CrowdLimits & {
    readonly host: string;
    readonly port: number;
    readonly headerTimeout: number;
    readonly requestTimeout: number;
    readonly keepAlive: number;
  };

const longestHead = 16_384;

/** What the parser has found, as an answer. */
const objections: Readonly<Record<string, ReturnType<typeof problem>>> = {
  HPE_HEADER_OVERFLOW: problem(431, `the head of a request has at most ${longestHead} bytes`),
  HPE_INVALID_TRANSFER_ENCODING: problem(501, 'of transfer encodings there is only chunked'),
  ERR_HTTP_REQUEST_TIMEOUT: common.slow,
};
const notUnderstood = problem(400, 'this is not HTTP/1.1 as it must be');
const full = problem(503, 'too many connections; try again later', { 'retry-after': '10' });

/** Opens the endpoint. Throws where the address cannot be had. */
export const listen = async (
  settings: ListenerSettings,
  context: ListenerContext,
  tls: EndpointTls | undefined,
): Promise<Listener> => {
  const { log, clock } = context;
  const { protocol, headerTimeout, requestTimeout } = settings;
  const options: ServerOptions = {
    insecureHTTPParser: false,
    requireHostHeader: true,
    maxHeaderSize: longestHead,
    headersTimeout: headerTimeout,
    requestTimeout: Math.max(requestTimeout, headerTimeout),
    keepAliveTimeout: settings.keepAlive,
    connectionsCheckingInterval: Math.min(1000, headerTimeout),
    noDelay: true,
  };
  const server: Server | SecureServer =
    tls === undefined ? createServer(options) : createSecureServer({ ...options, ...tls.options });
  // Headers beyond a number are not dropped in silence: their number is looked at.
  server.maxHeadersCount = 0;

  /** Those that came, before their TLS; and what is served over them. */
  const crowd = makeCrowd(settings);
  const served = new Map<Socket, Served>();
  let closing = false;
  server.on('connection', (socket: Socket) => {
    if (!crowd.admit(socket)) {
      if (tls === undefined) socket.end(onWire(full), () => socket.destroy());
      else socket.destroy();
      return;
    }
    if (tls === undefined) serve(firstWire(socket));
  });
  const serve = (wire: Wire): Served => {
    const { socket } = wire;
    const certificate = (): string | undefined => tls?.certificateOf(socket);
    const one = serveConnection(wire, settings, context, () => closing, certificate);
    served.set(socket, one);
    void one.done.finally(() => served.delete(socket));
    return one;
  };
  const take =
    (continues: boolean): RequestListener =>
    (request, response) => {
      const found = served.get(request.socket);
      if (found === undefined) request.socket.destroy();
      else found.take(request, response, continues);
    };
  if (tls !== undefined) {
    tls.onRenewed((options) => (server as SecureServer).setSecureContext(options));
    const [speakFirst] = server.listeners('secureConnection');
    server.removeAllListeners('secureConnection');
    const speakSecond = secondServer({ ...settings, longestHead }, clock, serve);
    server.on('secureConnection', (socket: TLSSocket) => {
      if (socket.alpnProtocol === 'h2') {
        speakSecond(socket);
        return;
      }
      serve(firstWire(socket));
      speakFirst?.call(server, socket);
    });
    server.on('tlsClientError', (error: Error & { readonly code?: string }, socket: Socket) => {
      log.info(`${protocol} handshake failed`, {
        address: plainAddress(socket.remoteAddress),
        why: error.code ?? 'unknown',
      });
    });
  }

  server.on('request', take(false));
  server.on('checkContinue', take(true));
  server.on('upgrade', upgrading(take(false), clock));
  server.on('clientError', (error: Error & { readonly code?: string }, socket: Socket) => {
    const may = served.get(socket)?.mayObject() === true;
    if (!may || !socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
    socket.end(onWire(objections[error.code ?? ''] ?? notUnderstood), () => socket.destroy());
  });

  const address = await bound(server, settings);
  server.on('error', (error) => log.warn(`${protocol} endpoint error`, { error: error.message }));
  log.info(`${protocol} endpoint open`, { ...address, ...tls?.described });
  return {
    address,
    close: async (graceMs) => {
      closing = true;
      const cancel = clock.after(graceMs, crowd.end);
      // Not as an HTTP server closes, which ends those that are between two requests: they may go on within the grace.
      await new Promise((resolve) => PlainServer.prototype.close.call(server, resolve));
      cancel();
      await Promise.all([...served.values()].map((each) => each.done));
      server.close(() => undefined);
    },
  };
};
