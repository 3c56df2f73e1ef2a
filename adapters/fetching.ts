/** COMPOSITION of fetching: at inner the way to dmz's payloads, at dmz the endpoints that show them to inner alone. */
import { isLeft } from 'fp-ts/lib/Either.js';
import { type FetchDoor, openFetchDoor } from '../actors/fetch-door.ts';
import type { Listeners } from '../actors/listeners.ts';
import type { DmzConfig, InnerConfig } from '../domain/config.ts';
import { placeOf } from '../domain/fetch.ts';
import type { Messages } from '../domain/message.ts';
import type { Clock, Log, PayloadSource, PayloadStore } from '../domain/ports.ts';
import type { Listener, ListenerContext } from '../domain/protocol.ts';
import { sftpSource } from './sftp/client.ts';
import { fetchEndpoint } from './sftp/fetch-endpoint.ts';
import { publicKeyOf } from './sftp/link-keys.ts';

type Shared = { readonly messages: Messages; readonly key: string; readonly clock: Clock; readonly log: Log };

/** Inner's source of payloads, as `fetchVia` says. */
export const openSource = (
  config: InnerConfig,
  { messages, key, clock }: Shared,
): { readonly payload: PayloadSource; readonly close: () => Promise<void> } => {
  const { fetchVia, node, messageService } = config;
  if (fetchVia !== 'sftp') return { payload: messages.payload, close: () => Promise.resolve() };
  return sftpSource({
    node,
    key,
    clock,
    certificateOf: messages.certificateOf,
    placeOf: (dmz) => {
      const peer = messageService.peers.find((each) => each.node === dmz);
      return peer === undefined ? undefined : placeOf(fetchVia, peer);
    },
  });
};

/** Dmz's door for inner. */
export const openDoor = (
  config: DmzConfig,
  { messages, log, payloads }: Shared & { readonly payloads: PayloadStore },
): FetchDoor =>
  openFetchDoor({
    payloads,
    log,
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
  context: Omit<ListenerContext, 'directory'> & { readonly key: string },
): Promise<Listeners> => {
  const open: { readonly protocol: string; readonly listener: Listener }[] = [];
  if (fetch.sftp !== undefined) {
    const opened = await fetchEndpoint({ ...fetch.sftp, key: context.key }, context)();
    if (isLeft(opened)) throw new Error(opened.left.text);
    open.push({ protocol: 'fetch-sftp', listener: opened.right });
  }
  return {
    addresses: () => open.map(({ protocol, listener }) => ({ protocol, ...listener.address })),
    close: async (graceMs) => {
      await Promise.all(open.map(({ listener }) => listener.close(graceMs)));
    },
  };
};
