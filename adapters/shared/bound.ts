import type { Server } from 'node:net';
import type { Listener } from '../../domain/protocol.ts';

/** Binds a server, and answers where it really listens. Rejects where the address cannot be had. */
export const bound = (
  server: Server,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<Listener['address']> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      const address = server.address();
      if (address === null || typeof address === 'string') reject(new Error('the endpoint has no address'));
      else resolve({ host: address.address, port: address.port });
    });
  });
