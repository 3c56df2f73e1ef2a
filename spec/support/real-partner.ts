/** A partner's real server as the contracts want it. */
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../adapters/shared/clock.ts';
import type { PartnerContext, PartnerPlace, PartnerProtocol } from '../../domain/partner.ts';
import type { Partner } from '../contracts/partner-session.ts';
import { succeeded } from './outcome.ts';
import type { PartnerServer } from './partner-servers.ts';

/** Where the server is, as a channel would say it; `other` says what is to be different. */
export const placeAt = (server: PartnerServer, other: Partial<PartnerPlace> = {}): PartnerPlace => ({
  channel: 'acme',
  host: '127.0.0.1',
  port: server.port,
  login: server.login,
  credentials: server.credentials,
  trusted: server.trusted,
  ...other,
});

/** A context with the machine's clock; `other` says what is to be different. */
export const contextWith = (other: Partial<PartnerContext> = {}): PartnerContext => ({
  clock: systemClock(),
  ...other,
});

/** The server, its files by name. */
export const realPartner = async (
  starting: Promise<PartnerServer>,
  protocol: PartnerProtocol,
  settings: Readonly<Record<string, unknown>>,
): Promise<Partner> => {
  const server = await starting;
  const { disk, own, root, stop } = server;
  return {
    root,
    stop,
    connect: () => succeeded(protocol.connect(settings, placeAt(server), contextWith())),
    put: async (name, bytes) => {
      await writeFile(join(disk, name), bytes);
      await own(join(disk, name));
    },
    get: (name) => readFile(join(disk, name)),
    makeDirectory: async (name) => {
      await mkdir(join(disk, name));
      await own(join(disk, name));
    },
    makeLink: (name, target) => symlink(target, join(disk, name)),
    clear: async () => {
      for (const name of await readdir(disk)) await rm(join(disk, name), { recursive: true });
    },
  };
};
