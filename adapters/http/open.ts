/** From the settings of an endpoint to the endpoint. */
import { join } from 'node:path';
import type { z } from 'zod';
import type { Listener, ListenerContext } from '../../domain/protocol.ts';
import { authorities, ownCertificate } from '../shared/endpoint-certificate.ts';
import { listen } from './listener.ts';
import type { httpSettings, httpsSettings } from './settings.ts';
import { endpointTls } from './tls.ts';

/** Opens it. Throws where the address cannot be had, or a file is not what it should be. */
export const openEndpoint = async (
  settings: z.infer<typeof httpSettings> | z.infer<typeof httpsSettings>,
  context: ListenerContext,
): Promise<Listener> => {
  if (settings.protocol === 'http') return listen(settings, context, undefined);
  const { certificate, key } = settings;
  const { clock, directory } = context;
  const files = certificate === undefined || key === undefined ? undefined : { certificate, key };
  const own = await ownCertificate(files, join(directory, 'https.pem'), clock.now());
  const clientCa = await authorities(settings.clientCa);
  return listen(settings, context, endpointTls({ ...settings, own, clientCa }, clock));
};
