/** The other end of the control socket: the same interface, so that a program does not see the socket between. */
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { left, right } from 'fp-ts/lib/Either.js';
import type { z } from 'zod';
import type { Control, EventLine, SendRequest } from '../../domain/control.ts';
import { type Decision, type Refusal, refusal } from '../../domain/failure.ts';
import type { Answer } from '../../domain/intake.ts';
import { lines } from '../shared/lines.ts';
import { bounds, type CallName, calls, eventLine, sendAnswer, wireRefusal } from './calls.ts';
import { sendBody } from './send.ts';
import { controlSocket, reachable } from './socket-path.ts';

const connectTime = 3000;
const answerTime = 30_000;
/** Partners may be many and slow. */
const probeTime = 600_000;
/** A large payload is copied first. */
const againTime = 3_600_000;

/** The running server of a data directory. Where none runs, each question is refused as `unavailable` with a sentence that says so. */
export const controlClient = (data: string): Control => ({
  status: () => ask(data, 'status', {}),
  list: (filter) => ask(data, 'list', filter),
  show: (id) => ask(data, 'show', { id }),
  receipt: (id) => ask(data, 'receipt', { id }),
  order: (id, what, reason, login) => ask(data, 'order', { id, what, reason, login }),
  again: (id, login) => ask(data, 'again', { id, login }, againTime),
  channels: () => ask(data, 'channels', {}),
  channelDiff: () => ask(data, 'channelDiff', {}),
  acceptEpoch: (epoch, counter, login) => ask(data, 'acceptEpoch', { epoch, counter, login }),
  reloadChannels: (login) => ask(data, 'reloadChannels', { login }),
  probe: (request) => ask(data, 'probe', request, probeTime),
  trust: (request) => ask(data, 'trust', request),
  send: (request, bytes) => send(data, request, bytes),
  events: (signal) => events(data, signal),
});

type Output<N extends CallName> = z.infer<(typeof calls)[N]['output']>;

const ask =
  <N extends CallName>(
    data: string,
    name: N,
    input: z.input<(typeof calls)[N]['input']>,
    within = answerTime,
  ): Answer<Output<N>> =>
  async (): Promise<Decision<Output<N>>> => {
    const signal = AbortSignal.timeout(within);
    const parse = (value: unknown) => calls[name].output.parse(value) as Output<N>;
    return answerTo(data, () => open(data, name, signal, (asked) => asked.end(JSON.stringify(input))), parse);
  };

/** Without a deadline for the whole: the bytes may be many. The server ends what does not move. */
const send =
  (data: string, request: SendRequest, bytes: AsyncIterable<Uint8Array>): Answer<string> =>
  () => {
    const path = `send?request=${encodeURIComponent(JSON.stringify(request))}`;
    const body = (asked: ClientRequest): void => sendBody(asked, bytes);
    return answerTo(data, () => open(data, path, undefined, body, { expect: '100-continue' }), sendAnswer.parse);
  };

const answerTo = async <A>(
  data: string,
  ask: () => Promise<IncomingMessage>,
  parse: (value: unknown) => A,
): Promise<Decision<A>> => {
  try {
    const answer = await ask();
    const body: unknown = JSON.parse(await whole(answer));
    if (answer.statusCode === 200) return right(parse((body as { answer: unknown }).answer));
    return left(wireRefusal.parse((body as { refusal: unknown }).refusal));
  } catch (error) {
    return left(why(data, error));
  }
};

async function* events(data: string, signal: AbortSignal): AsyncIterable<EventLine> {
  const answer = await open(data, 'events', signal, (asked) => asked.end()).catch((error: unknown) => {
    if (signal.aborted) return undefined;
    throw new Error(why(data, error).text);
  });
  if (answer === undefined) return;
  try {
    for await (const line of lines(answer.setEncoding('utf8'), bounds.line)) yield eventLine.parse(JSON.parse(line));
  } catch (error) {
    if (!signal.aborted && !(error instanceof Error && 'code' in error && error.code === 'ECONNRESET')) throw error;
  } finally {
    answer.destroy();
  }
}

const open = (
  data: string,
  path: string,
  signal: AbortSignal | undefined,
  body: (asked: ClientRequest) => void,
  headers: Readonly<Record<string, string>> = {},
): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const socket = reachable(controlSocket(data));
    const asked: ClientRequest = request({
      socketPath: socket.path,
      path: `/${path}`,
      headers,
      method: 'POST',
      agent: false,
      ...(signal === undefined ? {} : { signal }),
    });
    const slow = setTimeout(() => asked.destroy(new Error('it does not take connections')), connectTime);
    const settled = (): void => {
      clearTimeout(slow);
      socket.close();
    };
    asked.once('socket', (each) => each.once('connect', () => clearTimeout(slow)));
    asked.once('error', reject).once('response', resolve).once('close', settled);
    body(asked);
  });

const whole = async (answer: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer) {
    chunks.push(chunk as Buffer);
    length += (chunk as Buffer).length;
    if (length > bounds.answer) throw new Error('its answer is too long');
  }
  return Buffer.concat(chunks).toString('utf8');
};

const why = (data: string, error: unknown): Refusal => {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTDIR')
    return refusal('unavailable', `no server is running on ${data}`);
  if (code === 'EACCES' || code === 'EPERM')
    return refusal('notPermitted', `this user may not speak to the server on ${data}: the socket is its owner's alone`);
  const timedOut = error instanceof Error && (error.name === 'TimeoutError' || code === 'ABORT_ERR');
  const reason = timedOut ? 'it did not answer in time' : error instanceof Error ? error.message : String(error);
  return refusal('unavailable', `the server on ${data} gave no usable answer: ${reason}`);
};
