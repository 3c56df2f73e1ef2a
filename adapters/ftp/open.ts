/** From the settings of an endpoint to the endpoint. */
import { join } from 'node:path';
import type { z } from 'zod';
import type { Listener, ListenerContext } from '../../domain/protocol.ts';
import { authorities, ownCertificate } from '../shared/endpoint-certificate.ts';
import { listen } from './listener.ts';
import type { ftpSettings, ftpsSettings } from './settings.ts';
import { endpointTls } from './tls.ts';

/** Opens it. Throws where the address cannot be had, or a file is not what it should be. */
export const openEndpoint = async (
  {
    passive: { host: passiveHost, ports: passivePorts },
    banner,
    ...given
  }: z.infer<typeof ftpSettings> | z.infer<typeof ftpsSettings>,
  context: ListenerContext,
): Promise<Listener> => {
  const settings = { ...given, banner, passiveHost, passivePorts };
  if (given.protocol === 'ftp') return listen(settings, context, undefined);
  const { certificate, key } = given;
  const files = certificate === undefined || key === undefined ? undefined : { certificate, key };
  const own = await ownCertificate(files, join(context.directory, 'ftps.pem'), context.clock.now());
  return listen(
    settings,
    context,
    endpointTls({ ...given, own, clientCa: await authorities(given.clientCa) }, context),
  );
};
