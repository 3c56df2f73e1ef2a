import { sftp } from '../../../adapters/sftp/index.ts';
import type { Clock } from '../../../domain/ports.ts';
import { type Endpoint, openEndpoint } from '../../support/endpoint.ts';
import type { Account } from '../../support/memory-intake.ts';

/** An SFTP endpoint for one test. `account` adds to login `acme` with password `secret`. */
export const endpoint = (
  settings: Readonly<Record<string, unknown>> = {},
  account: Partial<Account> = {},
  clock?: Clock,
): Promise<Endpoint> => openEndpoint(sftp, settings, [{ login: 'acme', password: 'secret', ...account }], clock);
