/** Services of the intranet: asked over HTTP/1.1 or HTTPS, on connections that are kept for the next request. */
import { type ClientRequest, Agent as HttpAgent, type IncomingMessage, request as overHttp } from 'node:http';
import { Agent as HttpsAgent, request as overHttps } from 'node:https';
import type { Answered, Body, Header, ServiceRequest, Services } from '../../domain/exchange.ts';
import { noBody } from '../../domain/exchange-rules.ts';
import { type Failure, failing, failureIn, temporary } from '../../domain/failure.ts';
import { attempt } from '../shared/attempt.ts';

/** A connection that nobody has used for so long (milliseconds) is closed; most services keep one for longer. */
const unused = 4000;
const longestHead = 32_768;
const noService = (why: string): Failure => temporary('noService', why);

/** The services. Certificates must be vouched for by an authority that Node knows; redirects are the client's to follow. */
export const httpServices = (): Services => {
  const options = { keepAlive: true, maxFreeSockets: 256, timeout: unused, scheduling: 'lifo' } as const;
  const agents = { 'http:': new HttpAgent(options), 'https:': new HttpsAgent(options) };

  const begin = ({ url, method, headers, length }: ServiceRequest, gone: AbortSignal): ClientRequest => {
    const { protocol, hostname, port, pathname, search } = new URL(url);
    const size: readonly Header[] =
      length === undefined
        ? [['transfer-encoding', 'chunked']]
        : sized(method, length)
          ? [['content-length', String(length)]]
          : [];
    return (protocol === 'https:' ? overHttps : overHttp)({
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
  };

  const call = async (request: ServiceRequest, body: Body, gone: AbortSignal, again = true): Promise<Answered> => {
    const asked = begin(request, gone);
    const answer = answerTo(asked);
    if (request.length === 0) asked.end();
    else send(asked, body).catch((error: unknown) => asked.destroy(error instanceof Error ? error : undefined));
    try {
      return answered(await answer);
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

const answerTo = (asked: ClientRequest): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    asked.once('response', resolve);
    asked.on('error', reject);
    asked.once('close', () => reject(new Error('the service closed the connection')));
    asked.once('upgrade', (_answer, socket) => {
      socket.destroy();
      reject(new Error('the service changes the protocol without being asked to'));
    });
  });

/** As fast as it is taken. */
const send = async (asked: ClientRequest, body: Body): Promise<void> => {
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

const answered = (answer: IncomingMessage): Answered => {
  const headers: [string, string][] = [];
  for (let i = 0; i + 1 < answer.rawHeaders.length; i += 2)
    headers.push([(answer.rawHeaders[i] ?? '').toLowerCase(), answer.rawHeaders[i + 1] ?? '']);
  const status = answer.statusCode ?? 502;
  const length = Number(answer.headers['content-length'] ?? Number.NaN);
  if (status < 200) throw failing(noService(`the service answered ${status}`));
  return {
    head: { status, headers, ...(Number.isSafeInteger(length) ? { length } : {}) },
    body: length === 0 ? emptied(answer) : answer,
  };
};

const emptied = (answer: IncomingMessage): Body => {
  answer.resume();
  return noBody;
};
