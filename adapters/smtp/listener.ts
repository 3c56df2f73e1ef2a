/** The endpoint: accepts connections within its limits and knows those that run. */
import { constants } from 'node:crypto';
import type { Socket } from 'node:net';
import { hostname as hostnameOfMachine } from 'node:os';
import type { Listener, ListenerContext } from '../../domain/protocol.ts';
import { bound } from '../shared/bound.ts';
import { fingerprintOf } from '../shared/certificates.ts';
import type { OwnCertificates } from '../shared/own-certificates.ts';
import { serveConnection } from './connection.ts';
import { common } from './replies.ts';
import type { SmtpSettings } from './settings.ts';
import { openShell, type Wire } from './shell.ts';

/** Opens the endpoint. Throws where the address cannot be had. */
export const listen = async (
  settings: SmtpSettings,
  context: ListenerContext,
  own: OwnCertificates,
): Promise<Listener> => {
  const { log, clock } = context;
  const { protocol, maxConnections } = settings;
  const hostname = settings.hostname ?? hostnameOfMachine();
  const shown = () => {
    const { certificate: cert, key } = own.pairFor();
    return { cert, key };
  };
  const running = new Map<Wire, Promise<void>>();
  const shell = openShell(
    {
      name: hostname,
      secure: protocol === 'smtps',
      loginInClear: settings.protocol === 'smtp' && settings.loginInClear,
      ...{ size: settings.maxMailSize, maxRecipients: settings.maxRecipients },
      ...{ maxClients: maxConnections, socketTimeout: settings.idleTimeout },
      ...{ ...shown(), minVersion: `TLSv${settings.minVersion}` },
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
  own.onChange(() => shell.show(shown()));
  // With STARTTLS the handshake is part of a connection, which has its own limits.
  const guardHandshake = (socket: Socket): void => {
    const cancel = clock.after(settings.loginTimeout, () => shell.endHandshake(socket));
    socket.once('close', cancel);
  };
  if (protocol === 'smtps') shell.server.on('connection', guardHandshake);
  const address = await bound(shell.server, settings);
  shell.server.on('error', (error) => log.warn(`${protocol} endpoint error`, { error: error.message }));
  log.info(`${protocol} endpoint open`, { ...address, certificate: fingerprintOf(shown().cert) });
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
