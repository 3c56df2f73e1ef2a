/** The endpoint: accepts connections within its limits and knows those that run. */
import { constants } from 'node:crypto';
import type { Server, Socket } from 'node:net';
import { hostname as hostnameOfMachine } from 'node:os';
import type { Listener, ListenerContext } from '../../domain/protocol.ts';
import { fingerprintOf, type Pair } from '../shared/certificates.ts';
import { serveConnection } from './connection.ts';
import { common } from './replies.ts';
import type { SmtpSettings } from './settings.ts';
import { openShell, type Wire } from './shell.ts';

/** Opens the endpoint. Throws where the address cannot be had. */
export const listen = async (settings: SmtpSettings, context: ListenerContext, own: Pair): Promise<Listener> => {
  const { log, clock } = context;
  const { protocol, maxConnections } = settings;
  const hostname = settings.hostname ?? hostnameOfMachine();
  const running = new Map<Wire, Promise<void>>();
  const shell = openShell(
    {
      name: hostname,
      secure: protocol === 'smtps',
      loginInClear: settings.protocol === 'smtp' && settings.loginInClear,
      ...{ size: settings.maxMailSize, maxRecipients: settings.maxRecipients },
      ...{ maxClients: maxConnections, socketTimeout: settings.idleTimeout },
      ...{ key: own.key, cert: own.certificate, minVersion: `TLSv${settings.minVersion}` },
      // A client could make the server work for nothing (CVE-2011-1473).
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    },
    (wire) => {
      if (running.size >= maxConnections) return common.full;
      const served = serveConnection(wire, settings, context, hostname);
      running.set(
        wire,
        served.done.finally(() => running.delete(wire)),
      );
      return served;
    },
  );
  // With STARTTLS the handshake is part of a connection, which has its own limits.
  const guardHandshake = (socket: Socket): void => {
    const cancel = clock.after(settings.loginTimeout, () => shell.endHandshake(socket));
    socket.once('close', cancel);
  };
  if (protocol === 'smtps') shell.server.on('connection', guardHandshake);
  await bound(shell.server, settings);
  shell.server.on('error', (error) => log.warn(`${protocol} endpoint error`, { error: error.message }));
  const address = addressOf(shell.server);
  log.info(`${protocol} endpoint open`, { ...address, certificate: fingerprintOf(own.certificate) });
  return {
    address,
    close: async (graceMs) => {
      const closed = new Promise((resolve) => shell.server.once('close', resolve));
      shell.close();
      const cancel = clock.after(graceMs, () => {
        for (const wire of running.keys()) {
          wire.dismiss(common.closing);
          wire.destroy();
        }
      });
      await closed;
      cancel();
      await Promise.all(running.values());
    },
  };
};

const bound = (server: Server, { host, port }: SmtpSettings): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });

const addressOf = (server: Server): Listener['address'] => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the endpoint has no address');
  return { host: address.address, port: address.port };
};
