/** TLS to a partner's server, whatever is spoken over it. */
import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { z } from 'zod';
import type { PartnerPlace } from '../../domain/partner.ts';
import { filePath } from '../../domain/units.ts';

/** What a channel's `partner` section says of TLS. */
export const tlsSettings = {
  minVersion: z.enum(['TLSv1.2', 'TLSv1.3']).default('TLSv1.2').describe('The oldest TLS that we accept.'),
  verify: z
    .enum(['pinned', 'authority'])
    .default('pinned')
    .describe('pinned: a person approves the certificate. authority: an authority vouches for it and the host name.'),
  ca: filePath
    .optional()
    .describe('With verify: authority: PEM file of the authorities, instead of the well-known ones.'),
  certificate: filePath
    .optional()
    .describe('PEM file of our client certificate, where the server wants one; its key is `privateKey`.'),
};

/** How we connect to a place. We look at the server's certificate ourselves, before anything of ours is said. */
export const tlsOptions = (
  { host, credentials }: PartnerPlace,
  minVersion: 'TLSv1.2' | 'TLSv1.3',
): ConnectionOptions => {
  const { privateKey: key, certificate: cert, authorities } = credentials;
  return {
    host,
    servername: isIP(host) === 0 ? host : '',
    minVersion,
    rejectUnauthorized: false,
    ...(authorities === undefined ? {} : { ca: authorities }),
    ...(key === undefined || cert === undefined ? {} : { key, cert }),
  };
};
