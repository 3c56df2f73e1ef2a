import type { Attempt } from '../../domain/failure.ts';
import type { FetchEndpoints } from '../../domain/fetch.ts';
import type { Listener, ListenerContext } from '../../domain/protocol.ts';
import { ftp } from './index.ts';

/** For inner alone: a fetch that lasts moves bytes all the time, so the dead ones are soon let go. */
const limits = { idleTimeout: '1m', loginTimeout: '15s', maxLoginAttempts: 2, maxConnections: 64 };

/** Opens the endpoint at which inner fetches payloads. It is the partners' FTP behind another door. */
export const fetchEndpoint = (
  { passivePorts, ...place }: NonNullable<FetchEndpoints['ftp']>,
  context: ListenerContext,
): Attempt<Listener> => ftp.listen({ protocol: 'ftp', ...place, passive: { ports: passivePorts }, ...limits }, context);
