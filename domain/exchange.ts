/** Exchanges: a request of somebody outside, and the answer of a service inside, as they go through the message service. */
import { z } from 'zod';
import { plainName } from './channel.ts';
import type { Attempt } from './failure.ts';
import type { Route } from './route.ts';

/** A header: its name in small letters, and its value. */
export type Header = readonly [name: string, value: string];

/** Bytes as they come; throws where they break off before their end. */
export type Body = AsyncIterable<Uint8Array>;

const header = z.tuple([
  z
    .string()
    .max(256)
    .regex(/^[!#$%&'*+\-.^_`|~0-9a-z]+$/),
  z
    .string()
    .max(32_768)
    .regex(/^[\t\x20-\x7e\x80-\xff]*$/),
]);
const headers = z.array(header).max(150) as unknown as z.ZodType<readonly Header[]>;
/** Absent: it is not known before the end. */
const length = z.number().int().nonnegative().optional();

/** The most bytes of a head on the link. */
export const longestHead = 65_536;

/** The head of a request. `target`: what follows the route's path, with its query; the rest is what dmz knows of the client. */
export const exchangeRequest = z.strictObject({
  route: plainName,
  method: z.string().regex(/^[A-Z]{1,20}$/),
  target: z
    .string()
    .max(16_384)
    .regex(/^(\/[\x21-\x7e]*)?(\?[\x21-\x7e]*)?$/),
  headers,
  length,
  /** The client wants to go on with this protocol on its connection; the bodies are what both say in it. */
  upgrade: z.literal('websocket').optional(),
  client: z.strictObject({
    address: z.union([z.ipv4(), z.ipv6()]),
    protocol: z.enum(['http', 'https']),
    host: z.string().max(300).optional(),
    version: z.string().regex(/^\d(\.\d)?$/),
    channel: plainName.optional(),
  }),
});
export type ExchangeRequest = z.infer<typeof exchangeRequest>;

/** The head of an answer. */
export const exchangeAnswer = z.strictObject({ status: z.number().int().min(101).max(599), headers, length });
export type ExchangeAnswer = z.infer<typeof exchangeAnswer>;

/** An answer with its body. */
export type Answered = { readonly head: ExchangeAnswer; readonly body: Body };

/** How HTTP endpoints pass requests through. */
export interface PassThrough {
  /** The route of a path, and what of the path follows the route's own. */
  routeOf(path: string): { readonly route: Route; readonly rest: string } | undefined;
  /** Would this be passed through? Known before its body; undefined where it would. */
  objection(route: Route, request: Pick<ExchangeRequest, 'method' | 'length'>): Answered | undefined;
  /**
   * Gets the answer; it never rejects, since what goes wrong is an answer, too. `gone` aborts when the client is gone or
   * has its answer; `over` aborts when no more will come of it: it took too long, or its bytes break off.
   */
  call(
    route: Route,
    request: ExchangeRequest,
    body: Body,
    gone: AbortSignal,
  ): Promise<Answered & { readonly over: AbortSignal }>;
}

/** A request to a service, as it goes out. */
export type ServiceRequest = {
  readonly url: string;
  readonly method: string;
  readonly headers: readonly Header[];
  readonly length: number | undefined;
  readonly upgrade: 'websocket' | undefined;
};

/** Services of the intranet, over HTTP. */
export interface Services {
  /** Asks a service. A failure says that there is no answer; once `gone` aborts, the connection is ended. */
  call(request: ServiceRequest, body: Body, gone: AbortSignal): Attempt<Answered>;
  close(): Promise<void>;
}
