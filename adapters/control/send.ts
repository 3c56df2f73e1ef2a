/** A transmission over the control socket: the request in the URL, the bytes as the body, at no time more than a few of them in memory. */
import { once } from 'node:events';
import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import { isLeft, left } from 'fp-ts/lib/Either.js';
import type { Control } from '../../domain/control.ts';
import { type Decision, refusal } from '../../domain/failure.ts';
import { sendRequest } from './calls.ts';

/** The server's end. The body is asked for (100 Continue) only once the request itself is found good. */
export const takeTransmission = async (
  control: Control,
  asked: string | null,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  let wanted = request.headers.expect === undefined;
  const bytes = (async function* (): AsyncGenerator<Uint8Array> {
    if (!wanted) response.writeContinue();
    wanted = true;
    yield* request as AsyncIterable<Uint8Array>;
    // What now comes to the disk may take its time.
    request.setTimeout(0);
  })();
  const input = sendRequest.safeParse(parsed(asked));
  const result = input.success
    ? await taken(control, input.data, bytes, request)
    : left(refusal('invalid', 'the request was not understood'));
  const text = `${JSON.stringify(isLeft(result) ? { refusal: result.left } : { answer: result.right })}\n`;
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    connection: 'close',
  };
  response.writeHead(isLeft(result) ? 409 : 200, headers).write(text);
  // Closed while bytes still come, the socket would take the answer away from whoever sends them.
  if (wanted && !request.complete && !request.destroyed) {
    const closed = once(request, 'close');
    request.resume();
    await closed;
  }
  response.end();
};

const taken = async (
  control: Control,
  input: Parameters<Control['send']>[0],
  bytes: AsyncIterable<Uint8Array>,
  request: IncomingMessage,
): Promise<Decision<string>> => {
  try {
    return await control.send(input, bytes)();
  } catch (error) {
    if (!request.destroyed) throw error;
    return left(refusal('invalid', 'the bytes broke off before their end'));
  }
};

const parsed = (text: string | null): unknown => {
  try {
    return JSON.parse(text ?? 'null');
  } catch {
    return null;
  }
};

/** The client's end: waits for the 100, then sends; stops as soon as there is an answer. Where the bytes fail, the request fails with their error. */
export const sendBody = (asked: ClientRequest, bytes: AsyncIterable<Uint8Array>): void => {
  const answered = new AbortController();
  const { signal } = answered;
  asked.once('response', () => answered.abort()).once('close', () => answered.abort());
  const upload = async (): Promise<void> => {
    for await (const chunk of bytes) {
      if (signal.aborted) return;
      if (!asked.write(chunk)) await once(asked, 'drain', { signal }).catch(() => undefined);
    }
    if (!signal.aborted) asked.end();
  };
  asked.once('continue', () => {
    upload().catch((error: unknown) => asked.destroy(error instanceof Error ? error : new Error(String(error))));
  });
  asked.flushHeaders();
};
