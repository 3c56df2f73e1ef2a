import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below the ports that the system gives to outgoing connections, which would take one that is only going to be listened on. */
const [first, past, workers] = [10_000, 20_000, 8] as const;
const share = (past - first) / workers;
const own = first + (Number(process.env.VITEST_POOL_ID ?? 1) % workers) * share;
let next = Math.floor(Math.random() * share);

/** A TCP port of 127.0.0.1 that nobody listens on now, and that no other worker of this run is given. */
export const freePort = async (): Promise<number> => {
  for (;;) {
    const port = own + (next % share);
    next += 1;
    const server = createServer();
    const bound = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!bound) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
};
