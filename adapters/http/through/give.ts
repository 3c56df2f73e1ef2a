/** Giving the answer of a service to the client, as it comes and as fast as the client takes it. */
import type { ServerResponse } from 'node:http';
import type { Answered, ExchangeAnswer } from '../../../domain/exchange.ts';
import { hasBody } from '../../../domain/exchange-rules.ts';
import { drained } from '../body.ts';
import type { Asked } from '../exchange.ts';

/** Gives it. Where it breaks off the connection ends, so that nobody takes half of it for all. */
export const give = async (
  asked: Asked,
  { head, body, over }: Answered & { readonly over: AbortSignal },
): Promise<void> => {
  const { request, response, context } = asked;
  if (response.destroyed) return;
  const closed = new Promise<void>((resolve) => response.once('close', resolve));
  // of a request that is not all here, whoever answers early wants no more
  const headers = {
    ...grouped(head),
    ...(request.complete || request.httpVersionMajor > 1 ? {} : { connection: 'close' }),
  };
  response.writeHead(head.status, headers);
  try {
    if (hasBody(request.method ?? '', head.status))
      for await (const piece of body) {
        if (!response.write(piece)) await room(response, over);
      }
    if (!request.complete) await drained(request, context.clock);
    response.end();
    await closed;
  } catch {
    response.destroy();
  }
};

const grouped = ({ status, headers, length }: ExchangeAnswer): Record<string, string | string[]> => {
  const all = new Map<string, string[]>();
  for (const [name, value] of headers) all.set(name, [...(all.get(name) ?? []), value]);
  if (length !== undefined && status !== 204) all.set('content-length', [String(length)]);
  return Object.fromEntries([...all].map(([name, values]) => [name, values.length === 1 ? (values[0] ?? '') : values]));
};

/** Waits until the client takes more; throws where it is over. */
const room = (response: ServerResponse, over: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const settle = (): void => {
      response.off('drain', settle).off('close', settle);
      over.removeEventListener('abort', settle);
      if (over.aborted || response.destroyed) reject(new Error('it took too long'));
      else resolve();
    };
    response.on('drain', settle).on('close', settle);
    over.addEventListener('abort', settle);
    if (over.aborted || response.destroyed) settle();
  });
