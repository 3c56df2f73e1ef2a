/** THE REGISTRY: one line a protocol. */
import type { Protocol } from '../domain/protocol.ts';
import { ftp, ftps } from './ftp/index.ts';
import { http, https } from './http/index.ts';
import { sftp } from './sftp/index.ts';
import { smtp, smtps } from './smtp/index.ts';

/** Every protocol that partners can be served with. */
export const protocols: readonly Protocol[] = [ftp, ftps, http, https, sftp, smtp, smtps];
