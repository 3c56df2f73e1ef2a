/** COMPOSITION of our ways to partners' servers: at inner what the config says of them, at both the clients of the registry. */
import { isLeft, left, right } from 'fp-ts/lib/Either.js';
import type { PartnerConfig } from '../domain/channel-settings.ts';
import type { InnerConfig } from '../domain/config.ts';
import { type Failure, permanent } from '../domain/failure.ts';
import { type Credentials, type PartnerAccess, type Partners, placeOf } from '../domain/partner.ts';
import type { Clock } from '../domain/ports.ts';
import type { Protocol } from '../domain/protocol.ts';

/** Failures that another address of the same partner may not have. */
const ofTheAddress: readonly string[] = ['unknownHost', 'unreachable', 'timeout', 'linkBroken'];

/** Goes to the addresses of a partner in turn, until one answers. */
export const partnersOver = (protocols: readonly Protocol[], clock: Clock): Partners => ({
  connect:
    ({ protocol, channel, settings, hosts, login, credentials, trusted }, watch) =>
    async () => {
      const client = protocols.find((each) => each.name === protocol)?.partner;
      if (client === undefined)
        return left(permanent('unknownProtocol', `this server knows no client for ${protocol}: update it`));
      let last: Failure = permanent('noHost', `channel ${channel} names no host of its partner`);
      for (const address of hosts) {
        const place = { channel, ...placeOf(address, client.port(settings)), login, credentials, trusted };
        const context = { clock, connectTimeout: timeoutIn(settings), ...watch };
        const session = await client.connect(settings, place, context)();
        if (!isLeft(session)) return session;
        last = session.left;
        if (!ofTheAddress.includes(last.code)) break;
      }
      return left(last);
    },
});

const timeoutIn = (settings: unknown): number | undefined =>
  (settings as { readonly connectTimeout?: number }).connectTimeout;

/** What inner's config says of its channels' partners; secrets come from beside it. */
export const accessIn =
  (config: InnerConfig, credentials: ReadonlyMap<string, Credentials>) =>
  (name: string): ReturnType<typeof found> => {
    const channel = config.channels.find((each) => each.name === name);
    if (channel?.partner === undefined)
      return left(permanent('noPartner', `channel ${name} has no section "partner" in the config of inner`));
    const { hosts, login, trusted, sending, ...settings } = withoutFiles(channel.partner);
    return found({
      ...{ channel: name, protocol: settings.protocol, settings, hosts, login, trusted, sending },
      credentials: credentials.get(name) ?? {},
    });
  };

/** Files of inner's disk are nothing to dmz: what they hold stands in the credentials. */
const withoutFiles = (partner: PartnerConfig): PartnerConfig =>
  Object.fromEntries(
    Object.entries(partner).filter(([name]) => !['password', 'privateKey', 'ca', 'certificate'].includes(name)),
  ) as PartnerConfig;

const found = (access: PartnerAccess) => right<Failure, PartnerAccess>(access);
