import type { Attempt } from '../../domain/failure.ts';
import type { Listener, ListenerContext } from '../../domain/protocol.ts';
import { attempt } from '../shared/attempt.ts';
import { whyNotOpen } from '../shared/not-open.ts';
import { linkKey } from './link-keys.ts';
import { listen } from './listener.ts';

/** For inner alone: a fetch that lasts moves bytes all the time, so the dead ones are soon let go. */
const limits = { idleTimeout: 60_000, loginTimeout: 15_000, maxLoginAttempts: 2, maxConnections: 64 };

/** Opens the endpoint at which inner fetches payloads. Its host key is the link's, by which inner knows it. */
export const fetchEndpoint = (
  place: { readonly host: string; readonly port: number; readonly key: string },
  context: Omit<ListenerContext, 'directory'>,
): Attempt<Listener> =>
  attempt(
    () => listen({ ...place, ...limits }, [linkKey(place.key)], context),
    whyNotOpen(`sftp ${place.host}:${place.port}`),
  );
