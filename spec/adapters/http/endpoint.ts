import { http, https } from '../../../adapters/http/index.ts';
import { type Endpoint, openEndpoint } from '../../support/endpoint.ts';

/** An HTTP endpoint for one test. The login and the channel are `acme`, the password is `secret`. */
export const endpoint = (
  settings: Readonly<Record<string, unknown>> = {},
  certificates: readonly string[] = [],
): Promise<Endpoint> =>
  openEndpoint(settings.protocol === 'https' ? https : http, settings, [
    { login: 'acme', password: 'secret', certificates },
    { login: 'other', password: 'also secret' },
  ]);
