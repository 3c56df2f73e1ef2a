import { ftp, ftps } from '../../../adapters/ftp/index.ts';
import { type Endpoint, openEndpoint } from '../../support/endpoint.ts';

/** An FTP endpoint for one test. The login is `acme` with password `secret`. */
export const endpoint = (
  settings: Readonly<Record<string, unknown>> = {},
  certificates: readonly string[] = [],
): Promise<Endpoint> =>
  openEndpoint(settings.protocol === 'ftps' ? ftps : ftp, settings, [
    { login: 'acme', password: 'secret', certificates },
  ]);
