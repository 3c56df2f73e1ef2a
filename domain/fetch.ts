/** How inner gets the payloads that are too large for a message: the settings of both servers, and what is wrong with them. */
import { z } from 'zod';

const port = z.number().int().min(0).max(65_535);
const dataPort = z.number().int().min(1).max(65_535);
const host = z.string().min(1).max(255);

/** On inner: the way that payloads take. */
export const fetchVia = z
  .enum(['sftp', 'ftp', 'messageService'])
  .default('sftp')
  .describe('How larger payloads are fetched: from the endpoint `fetch` of dmz, or over the message service itself.');

/** On inner, for each dmz: where its endpoint is. */
export const fetchPlace = z
  .strictObject({
    host: host.optional().describe("Absent: the peer's `host`."),
    port: port.optional().describe('Absent: 22 for `fetchVia: sftp`, 21 for `ftp`.'),
  })
  .optional()
  .describe('On inner: where payloads of this dmz are fetched.');

const innerFacing = host
  .refine(
    (address) => !wildcards.includes(address),
    'name the address that faces inner: this one would face the internet, too',
  )
  .describe('The address that faces inner, never one that faces the internet.');
const wildcards: readonly string[] = ['0.0.0.0', '::', '*'];

/** On dmz: the endpoints for inner alone. */
export const fetchEndpoints = z
  .strictObject({
    sftp: z.strictObject({ host: innerFacing, port: port.default(22).describe('Port to listen on.') }).optional(),
    ftp: z
      .strictObject({
        host: innerFacing,
        port: port.default(21).describe('Port to listen on.'),
        passivePorts: z
          .tuple([dataPort, dataPort])
          .refine(([from, to]) => from <= to, 'the first port, then the last one')
          .default([31_000, 31_031])
          .describe('First and last port of the data connections; inner connects to them, too.'),
      })
      .optional(),
  })
  .prefault({})
  .describe(
    'Where inner fetches payloads that are larger than `streamingSize`; absent: over the message service only.',
  );
export type FetchEndpoints = z.infer<typeof fetchEndpoints>;

/** An endpoint of `fetch`, and its path in the config. */
export type FetchEndpoint = { readonly path: string; readonly host: string; readonly port: number };

/** The endpoints that a dmz opens for inner. */
export const endpointsOf = (fetching: FetchEndpoints): readonly FetchEndpoint[] =>
  Object.entries(fetching).flatMap(([name, place]) =>
    place === undefined ? [] : [{ path: `fetch.${name}`, host: place.host, port: place.port }],
  );

/** Where one dmz's payloads are fetched; undefined where its address is not known. */
export const placeOf = (
  via: 'sftp' | 'ftp',
  peer: { readonly host?: string | undefined; readonly fetch?: z.infer<typeof fetchPlace> },
): { readonly host: string; readonly port: number } | undefined => {
  const host = peer.fetch?.host ?? peer.host;
  return host === undefined ? undefined : { host, port: peer.fetch?.port ?? (via === 'sftp' ? 22 : 21) };
};

/** An endpoint of `fetch` that takes the place of a partners' one: the system would refuse the second, and say it less clearly. */
export const collisions = (
  fetching: FetchEndpoints,
  listeners: readonly { readonly host: string; readonly port: number }[],
): readonly { readonly path: string; readonly problem: string }[] =>
  endpointsOf(fetching).flatMap(({ path, host, port }) =>
    listeners.flatMap((each, i) =>
      port !== 0 && each.port === port && (each.host === host || wildcards.includes(each.host))
        ? [
            {
              path: `${path}.port`,
              problem: `listeners[${i}] has port ${port} on ${each.host}, too: give that one the address that faces the internet, or another port here`,
            },
          ]
        : [],
    ),
  );
