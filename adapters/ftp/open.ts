/** From the settings of an endpoint to the endpoint. */
import type { z } from 'zod';
import type { Listener, ListenerContext } from '../../domain/protocol.ts';
import { authorities, pairFilesOf } from '../shared/endpoint-certificate.ts';
import { lookedAfter, ownCertificates } from '../shared/own-certificates.ts';
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
  const clientCa = await authorities(given.clientCa);
  const own = await ownCertificates('ftps', pairFilesOf(given), 'ftps.pem', context);
  return lookedAfter(own, () => listen(settings, context, endpointTls({ ...given, own, clientCa }, context)));
};
