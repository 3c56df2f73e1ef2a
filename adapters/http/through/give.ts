/** Giving the answer of a service to the client, as it comes and as fast as the client takes it. */
import type { ServerResponse } from 'node:http';
import type { Answered, ExchangeAnswer } from '../../../domain/exchange.ts';
import { hasBody } from '../../../domain/exchange-rules.ts';
import { drained } from '../body.ts';
import type { Asked } from '../exchange.ts';
import { room } from './room.ts';

/** Is there nobody any more who could be answered? */
export const isOver = ({ destroyed, socket }: Pick<ServerResponse, 'destroyed' | 'socket'>): boolean =>
  destroyed || (socket ?? undefined) === undefined || socket?.destroyed === true;

/** Gives it. Where it breaks off the connection ends, so that nobody takes half of it for all. */
export const give = async (
  asked: Asked,
  { head, body, over }: Answered & { readonly over: AbortSignal },
): Promise<void> => {
  const { request, response, context } = asked;
  if (isOver(response)) return;
  const closed = new Promise<void>((resolve) => response.once('close', resolve));
  // of a request that is not all here, whoever answers early wants no more
  const headers = {
    ...grouped(head),
    ...(request.complete || request.httpVersionMajor > 1 ? {} : { connection: 'close' }),
  };
  asked.begin(head.status, headers);
  const late = (): void => {
    if (!isOver(response)) asked.cut();
  };
  // with the first bytes, unless these are still to come
  const alone = setImmediate(() => {
    if (request.httpVersionMajor < 2) response.flushHeaders();
  });
  try {
    if (hasBody(request.method ?? '', head.status))
      for await (const piece of body) {
        clearImmediate(alone);
        if (!response.write(piece)) await room(response, over);
      }
    if (!request.complete) await drained(request, context.clock);
    response.end();
    over.addEventListener('abort', late, { once: true });
    if (over.aborted) late();
    await closed;
  } catch {
    asked.cut();
  } finally {
    over.removeEventListener('abort', late);
    clearImmediate(alone);
  }
};

const grouped = ({ status, headers, length }: ExchangeAnswer): Record<string, string | string[]> => {
  const all = new Map<string, string[]>();
  for (const [name, value] of headers) all.set(name, [...(all.get(name) ?? []), value]);
  if (length !== undefined && status !== 204) all.set('content-length', [String(length)]);
  return Object.fromEntries([...all].map(([name, values]) => [name, values.length === 1 ? (values[0] ?? '') : values]));
};
