/** The server's end of the control socket. */
import { once } from 'node:events';
import { chmod, mkdtemp, rename, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { isLeft, left } from 'fp-ts/lib/Either.js';
import type { z } from 'zod';
import type { Control, EventLine } from '../../domain/control.ts';
import { type Refusal, refusal } from '../../domain/failure.ts';
import type { Answer } from '../../domain/intake.ts';
import type { Log } from '../../domain/ports.ts';
import { bounds, type CallName, calls } from './calls.ts';
import { takeTransmission } from './send.ts';
import { controlSocket, reachable } from './socket-path.ts';

/** A control socket that is open. */
export type ControlServer = { close(): Promise<void> };

const idleTime = 30_000;

/**
 * Opens `<data>/control.sock`, mode 0600, in place of what a dead server left there. Call it only while holding the
 * data directory's lock: it does not ask whether the socket that it replaces is alive.
 */
export const serveControl = async (options: {
  readonly data: string;
  readonly control: Control;
  readonly log: Log;
}): Promise<ControlServer> => {
  const { data, control, log } = options;
  const ended = new AbortController();
  const server = createServer(
    // A transmission may take hours; what makes no progress is ended all the same.
    { requestTimeout: 0, headersTimeout: 5000, maxHeaderSize: 64 * 1024 },
    (request, response) => {
      request.setTimeout(idleTime);
      answer(control, request, response, ended.signal).catch((error: unknown) => {
        log.error('a call on the control socket broke off', {
          reason: error instanceof Error ? error.message : String(error),
        });
        response.destroy();
      });
    },
  );
  server.on('checkContinue', (request, response) => server.emit('request', request, response));
  server.maxConnections = 100;
  await listen(server, data);
  return {
    close: async () => {
      ended.abort();
      await rm(controlSocket(data), { force: true });
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
};

/** Binds where nobody else can look, then moves into place: at no time does the socket stand there open to others, and the process's umask is left alone. */
const listen = async (server: Server, data: string): Promise<void> => {
  const hidden = await mkdtemp(join(data, '.control-'));
  const temporary = join(hidden, 's');
  try {
    const name = reachable(temporary);
    server.once('close', name.close);
    server.listen({ path: name.path });
    await once(server, 'listening');
    await chmod(temporary, 0o600);
    await rename(temporary, controlSocket(data));
  } finally {
    await rm(hidden, { recursive: true, force: true });
  }
};

const answer = async (
  control: Control,
  request: IncomingMessage,
  response: ServerResponse,
  ended: AbortSignal,
): Promise<void> => {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://server');
  const name = pathname.slice(1);
  if (name === 'send') {
    await takeTransmission(control, searchParams.get('request'), request, response);
  } else if (name === 'events') {
    request.setTimeout(0);
    await stream((signal) => control.events(signal), response, ended);
  } else if (!isCall(name)) {
    send(response, 404, {
      refusal: refusal('notFound', `there is no such call; there is ${Object.keys(calls).join(', ')}`),
    });
  } else {
    const input = calls[name].input.safeParse(await question(request));
    request.setTimeout(0);
    const result = input.success
      ? await answers[name](control, input.data as never)()
      : left(notUnderstood(input.error));
    send(response, isLeft(result) ? 409 : 200, isLeft(result) ? { refusal: result.left } : { answer: result.right });
  }
};

const answers: {
  readonly [N in CallName]: (control: Control, input: z.output<(typeof calls)[N]['input']>) => Answer<unknown>;
} = {
  status: (control) => control.status(),
  list: (control, filter) => control.list(filter),
  show: (control, { id }) => control.show(id),
  receipt: (control, { id }) => control.receipt(id),
  probe: (control, request) => control.probe(request),
  trust: (control, request) => control.trust(request),
  order: (control, { id, what, reason, login }) => control.order(id, what, reason, login),
  again: (control, { id, login }) => control.again(id, login),
  channels: (control) => control.channels(),
  channelDiff: (control) => control.channelDiff(),
  acceptEpoch: (control, { epoch, counter, login }) => control.acceptEpoch(epoch, counter, login),
  reloadChannels: (control, { login }) => control.reloadChannels(login),
};

const isCall = (name: string): name is CallName => Object.hasOwn(calls, name);

const notUnderstood = ({ issues }: z.ZodError): Refusal =>
  refusal(
    'invalid',
    `the question was not understood: ${issues.map((each) => `${each.path.join('.')} ${each.message}`).join('; ')}`,
  );

/** The parsed body, null for what is no JSON or too long; an empty one is an empty question, so that `curl --unix-socket` will do. */
const question = async (request: IncomingMessage): Promise<unknown> => {
  let text = '';
  let tooLong = false;
  // Read to its end all the same: left half-way, the request would take the answer with it.
  for await (const chunk of request.setEncoding('utf8')) {
    tooLong ||= text.length + String(chunk).length > bounds.question;
    text = tooLong ? '' : text + String(chunk);
  }
  if (tooLong) return null;
  try {
    return text === '' ? {} : JSON.parse(text);
  } catch {
    return null;
  }
};

const send = (
  response: ServerResponse,
  status: number,
  body: { readonly answer: unknown } | { readonly refusal: Refusal },
): void => {
  response
    .writeHead(status, { 'content-type': 'application/json', connection: 'close' })
    .end(`${JSON.stringify(body)}\n`);
};

const stream = async (
  events: (signal: AbortSignal) => AsyncIterable<EventLine>,
  response: ServerResponse,
  ended: AbortSignal,
): Promise<void> => {
  const gone = new AbortController();
  const signal = AbortSignal.any([gone.signal, ended]);
  response.once('close', () => gone.abort());
  response.writeHead(200, { 'content-type': 'application/x-ndjson', connection: 'close' }).flushHeaders();
  for await (const line of events(signal)) {
    if (signal.aborted) break;
    if (!response.write(`${JSON.stringify(line)}\n`)) await once(response, 'drain', { signal }).catch(() => undefined);
  }
  response.end();
};
