/** One running listener an endpoint of the config. */
import { isLeft } from 'fp-ts/lib/Either.js';
import type { ListenerConfig } from '../domain/config.ts';
import type { Status } from '../domain/control.ts';
import type { Log } from '../domain/ports.ts';
import type { Listener, ListenerContext, Protocol } from '../domain/protocol.ts';

/** The endpoints of a server. */
export type Listeners = {
  readonly addresses: () => Status['listeners'];
  /** Takes no more connections, and lets the running ones end within `graceMs`. */
  close(graceMs: number): Promise<void>;
};

/** Opens every endpoint, or none: throws one sentence for the first that cannot be opened. */
export const openListeners = async (
  configs: readonly ListenerConfig[],
  protocols: readonly Protocol[],
  context: ListenerContext,
  log: Log,
): Promise<Listeners> => {
  const open: { readonly protocol: string; readonly listener: Listener }[] = [];
  const close = async (graceMs: number): Promise<void> => {
    await Promise.all(open.map(({ listener }) => listener.close(graceMs)));
  };
  for (const config of configs) {
    const protocol = protocols.find((each) => each.name === config.protocol);
    if (protocol === undefined) throw new Error(`there is no protocol ${config.protocol}`);
    const listening = await protocol.listen(config, context)();
    if (isLeft(listening)) {
      await close(0);
      throw new Error(listening.left.text);
    }
    const { host, port } = listening.right.address;
    log.info(`${protocol.name} listens`, { host, port });
    open.push({ protocol: protocol.name, listener: listening.right });
  }
  return { addresses: () => open.map(({ protocol, listener }) => ({ protocol, ...listener.address })), close };
};
