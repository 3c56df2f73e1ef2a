/** COMPOSITION of fetching: at inner the way to dmz's payloads, at dmz the endpoints that show them to inner alone. */
import { randomBytes } from 'node:crypto';
import { isLeft } from 'fp-ts/lib/Either.js';
import { type FetchDoor, openFetchDoor } from '../actors/fetch-door.ts';
import type { Listeners } from '../actors/listeners.ts';
import type { DmzConfig, InnerConfig } from '../domain/config.ts';
import { placeOf } from '../domain/fetch.ts';
import type { Messages } from '../domain/message.ts';
import type { Clock, Log, PayloadSource, PayloadStore } from '../domain/ports.ts';
import type { Listener, ListenerContext } from '../domain/protocol.ts';
import { fetchEndpoint as ftpEndpoint } from './ftp/fetch-endpoint.ts';
import { ftpSource } from './ftp/payload-source.ts';
import { fetchEndpoint as sftpEndpoint } from './sftp/fetch-endpoint.ts';
import { publicKeyOf } from './sftp/link-keys.ts';
import { sftpSource } from './sftp/payload-source.ts';

type Shared = { readonly messages: Messages; readonly key: string; readonly clock: Clock; readonly log: Log };

/** Inner's source of payloads, as `fetchVia` says. */
export const openSource = (
  config: InnerConfig,
  { messages, key, clock }: Shared,
): { readonly payload: PayloadSource; readonly close: () => Promise<void> } => {
  const { fetchVia, node, messageService } = config;
  if (fetchVia === 'messageService') return { payload: messages.payload, close: () => Promise.resolve() };
  const place = (dmz: string) => {
    const peer = messageService.peers.find((each) => each.node === dmz);
    return peer === undefined ? undefined : placeOf(fetchVia, peer);
  };
  return fetchVia === 'sftp'
    ? sftpSource({ node, key, clock, placeOf: place, certificateOf: messages.certificateOf })
    : ftpSource({ node, clock, placeOf: place, ticket: messages.ticket });
};

/** Dmz's door for inner. */
export const openDoor = (
  config: DmzConfig,
  { messages, clock, log, payloads }: Shared & { readonly payloads: PayloadStore },
): FetchDoor =>
  openFetchDoor({
    payloads,
    clock,
    log,
    secret: () => randomBytes(32).toString('hex'),
    node: config.node,
    peers: config.messageService.peers.map((peer) => peer.node),
    keyOf: (peer) => {
      const certificate = messages.certificateOf(peer);
      return certificate === undefined ? undefined : publicKeyOf(certificate)?.toString('base64');
    },
  });

/** Opens the endpoints of `fetch`; throws one sentence for the first that cannot be opened. */
export const openFetchEndpoints = async (
  { fetch }: DmzConfig,
  context: ListenerContext & { readonly key: string },
): Promise<Listeners> => {
  const open: { readonly protocol: string; readonly listener: Listener }[] = [];
  const close = async (graceMs: number): Promise<void> => {
    await Promise.all(open.map(({ listener }) => listener.close(graceMs)));
  };
  const { sftp: overSftp, ftp: overFtp } = fetch;
  for (const [protocol, listening] of [
    ['fetch-sftp', overSftp && sftpEndpoint({ ...overSftp, key: context.key }, context)],
    ['fetch-ftp', overFtp && ftpEndpoint(overFtp, context)],
  ] as const) {
    if (listening === undefined) continue;
    const opened = await listening();
    if (isLeft(opened)) {
      await close(0);
      throw new Error(`fetch: ${opened.left.text}`);
    }
    open.push({ protocol, listener: opened.right });
  }
  return { addresses: () => open.map(({ protocol, listener }) => ({ protocol, ...listener.address })), close };
};
