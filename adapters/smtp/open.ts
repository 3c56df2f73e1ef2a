/** From the settings of an endpoint to the endpoint. */
import { join } from 'node:path';
import type { Listener, ListenerContext } from '../../domain/protocol.ts';
import { ownCertificate } from '../shared/endpoint-certificate.ts';
import { listen } from './listener.ts';
import type { SmtpSettings } from './settings.ts';

/** Opens it. Throws where the address cannot be had, or a file is not what it should be. */
export const openEndpoint = async (settings: SmtpSettings, context: ListenerContext): Promise<Listener> => {
  const { certificate, key } = settings;
  const files = certificate === undefined || key === undefined ? undefined : { certificate, key };
  const own = await ownCertificate(files, join(context.directory, 'smtp.pem'), context.clock.now());
  return listen(settings, context, own);
};
