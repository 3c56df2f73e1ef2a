/** From the settings of an endpoint to the endpoint. */
import type { z } from 'zod';
import type { Listener, ListenerContext } from '../../domain/protocol.ts';
import { authorities, pairFilesOf } from '../shared/endpoint-certificate.ts';
import { lookedAfter, ownCertificates } from '../shared/own-certificates.ts';
import { listen } from './listener.ts';
import type { httpSettings, httpsSettings } from './settings.ts';
import { endpointTls } from './tls.ts';

/** Opens it. Throws where the address cannot be had, or a file is not what it should be. */
export const openEndpoint = async (
  settings: z.infer<typeof httpSettings> | z.infer<typeof httpsSettings>,
  context: ListenerContext,
): Promise<Listener> => {
  if (settings.protocol === 'http') return listen(settings, context, undefined);
  const clientCa = await authorities(settings.clientCa);
  const own = await ownCertificates(
    'https',
    [...pairFilesOf(settings), ...settings.certificates],
    'https.pem',
    context,
  );
  return lookedAfter(own, () => listen(settings, context, endpointTls({ ...settings, own, clientCa }, context.clock)));
};
