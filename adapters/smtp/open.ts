/** From the settings of an endpoint to the endpoint. */
import type { Listener, ListenerContext } from '../../domain/protocol.ts';
import { pairFilesOf } from '../shared/endpoint-certificate.ts';
import { lookedAfter, ownCertificates } from '../shared/own-certificates.ts';
import { listen } from './listener.ts';
import type { SmtpSettings } from './settings.ts';

/** Opens it. Throws where the address cannot be had, or a file is not what it should be. */
export const openEndpoint = async (settings: SmtpSettings, context: ListenerContext): Promise<Listener> => {
  const own = await ownCertificates(settings.protocol, pairFilesOf(settings), 'smtp.pem', context);
  return lookedAfter(own, () => listen(settings, context, own));
};
