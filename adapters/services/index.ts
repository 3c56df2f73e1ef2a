/** Services of the intranet: asked over HTTP/1.1 or HTTPS, on connections that are kept for the next request. */
import { type ClientRequest, Agent as HttpAgent, type IncomingMessage, request as overHttp } from 'node:http';
import { Agent as HttpsAgent, request as overHttps } from 'node:https';
import type { Duplex, Writable } from 'node:stream';
import type { Answered, Body, Header, ServiceRequest, Services } from '../../domain/exchange.ts';
import { noBody } from '../../domain/exchange-rules.ts';
import { type Failure, failureIn, temporary } from '../../domain/failure.ts';
import { attempt } from '../shared/attempt.ts';

/** A connection that nobody has used for so long (milliseconds) is closed; most services keep one for longer. */
const unused = 4000;
const longestHead = 32_768;
const noService = (why: string): Failure => temporary('noService', why);

/** The services. Certificates must be vouched for by an authority that Node knows; redirects are the client's to follow. */
export const httpServices = (): Services => {
  const options = { keepAlive: true, maxFreeSockets: 256, timeout: unused, scheduling: 'lifo' } as const;
  const agents = { 'http:': new HttpAgent(options), 'https:': new HttpsAgent(options) };

  const begin = ({ url, method, headers, length, upgrade }: ServiceRequest, gone: AbortSignal): ClientRequest => {
    const { protocol, hostname, port, pathname, search } = new URL(url);
    const size: readonly Header[] =
      upgrade !== undefined
        ? []
        : length === undefined
          ? [['transfer-encoding', 'chunked']]
          : sized(method, length)
            ? [['content-length', String(length)]]
            : [];
    const asked = (protocol === 'https:' ? overHttps : overHttp)({
      agent: protocol === 'https:' ? agents['https:'] : agents['http:'],
      host: hostname.replace(/^\[|\]$/g, ''),
      port,
      method,
      path: `${pathname}${search}`,
      headers: [...headers, ...size].flat() as never,
      maxHeaderSize: longestHead,
      insecureHTTPParser: false,
      signal: gone,
      setHost: false,
    });
    // else what is too long would be a request of its own to the service
    return Object.assign(asked, { strictContentLength: true });
  };

  const call = async (request: ServiceRequest, body: Body, gone: AbortSignal, again = true): Promise<Answered> => {
    const asked = begin(request, gone);
    const answer = answerTo(asked, request.upgrade === undefined ? undefined : { body, gone });
    if (request.length === 0 || request.upgrade !== undefined) asked.end();
    else send(asked, body).catch((error: unknown) => asked.destroy(error instanceof Error ? error : undefined));
    try {
      return await answer;
    } catch (error) {
      // a kept connection may have been closed just now; what had no body and changes nothing can be asked again
      const stale = asked.reusedSocket && request.length === 0 && /^(GET|HEAD|OPTIONS)$/.test(request.method);
      if (again && stale && !gone.aborted) return call(request, body, gone, false);
      throw error;
    }
  };

  return {
    call: (request, body, gone) =>
      attempt(
        () => call(request, body, gone),
        (error) => failureIn(error) ?? noService(error instanceof Error ? error.message : String(error)),
      ),
    close: () => {
      for (const agent of Object.values(agents)) agent.destroy();
      return Promise.resolve();
    },
  };
};

/** Says a request of this method and length how long it is? */
const sized = (method: string, length: number): boolean => length > 0 || /^(POST|PUT|PATCH)$/.test(method);

type Tunnel = { readonly body: Body; readonly gone: AbortSignal };

const answerTo = (asked: ClientRequest, tunnel: Tunnel | undefined): Promise<Answered> =>
  new Promise((resolve, reject) => {
    const closed = (): void => reject(new Error('the service closed the connection'));
    asked.once('response', (answer) => {
      asked.off('close', closed);
      resolve(answered(answer));
    });
    asked.on('error', reject);
    asked.once('close', closed);
    asked.once('upgrade', (answer, socket, head) => {
      if (tunnel !== undefined) resolve({ ...headOf(answer), body: tunnelled(socket, head, tunnel) });
      else {
        socket.destroy();
        reject(new Error('the service changes the protocol without being asked to'));
      }
    });
  });

/** What the service says in the other protocol, while it is told what the client says. */
const tunnelled = (socket: Duplex, head: Buffer, { body, gone }: Tunnel): Body => {
  const drop = (): void => void socket.destroy();
  socket.on('error', drop);
  gone.addEventListener('abort', drop, { once: true });
  if (gone.aborted) drop();
  send(socket, body).catch(drop);
  return {
    async *[Symbol.asyncIterator]() {
      if (head.length > 0) yield head;
      yield* socket as AsyncIterable<Buffer>;
    },
  };
};

/** As fast as it is taken. */
const send = async (asked: Writable, body: Body): Promise<void> => {
  for await (const piece of body) {
    if (asked.destroyed) return;
    if (!asked.write(piece))
      await new Promise<void>((resolve) => {
        const done = (): void => {
          asked.off('drain', done).off('close', done);
          resolve();
        };
        asked.on('drain', done).on('close', done);
      });
  }
  asked.end();
};

const headOf = (answer: IncomingMessage): Pick<Answered, 'head'> => {
  const headers: [string, string][] = [];
  for (let i = 0; i + 1 < answer.rawHeaders.length; i += 2)
    headers.push([(answer.rawHeaders[i] ?? '').toLowerCase(), answer.rawHeaders[i + 1] ?? '']);
  const length = Number(answer.headers['content-length'] ?? Number.NaN);
  const size = Number.isSafeInteger(length) ? { length } : {};
  return { head: { status: answer.statusCode ?? 502, headers, ...size } };
};

const answered = (answer: IncomingMessage): Answered => {
  const { head } = headOf(answer);
  if (head.length !== 0) return { head, body: answer };
  answer.resume();
  return { head, body: noBody };
};
