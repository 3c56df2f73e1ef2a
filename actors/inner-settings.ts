/** What inner is told of its channels and profiles: all that a reload replaces, looked up where it is needed. */
import type { Either } from 'fp-ts/lib/Either.js';
import { left } from 'fp-ts/lib/Either.js';
import type { ChannelConfig } from '../domain/channel-settings.ts';
import type { Config, InnerConfig } from '../domain/config.ts';
import { type Failure, permanent } from '../domain/failure.ts';
import type { PartnerAccess } from '../domain/partner.ts';
import type { InboxNeeds } from './inbox.ts';
import type { Routes } from './steps/process.ts';

/** Channels, profiles, routes, and what belongs to them. `passwords` are by channel. */
export type ChannelSettings = Pick<InnerConfig, 'channels' | 'profiles' | 'routes'> & {
  readonly passwords: ReadonlyMap<string, string>;
  /** How to come in at the partners of the channels. */
  readonly accessOf: (channel: string) => Either<Failure, PartnerAccess>;
};

/** The settings that apply now. */
export type InnerSettings = {
  readonly now: () => ChannelSettings;
  readonly replace: (next: ChannelSettings) => void;
  readonly isVisible: (channel: string) => boolean;
  /** What a dmz may open at this inner: data of channels that are shown to it, in payloads of its own. */
  readonly admits: InboxNeeds['admits'];
  readonly keeping: Routes['keeping'];
  /** Where results are delivered. */
  readonly directories: () => readonly string[];
};

const noAccess = (): Either<Failure, PartnerAccess> =>
  left(permanent('noPartner', 'this server knows no partners of its own'));

/** Those that a server starts with; on dmz there are none. */
export const firstSettings = (
  config: Config,
  passwords: ReadonlyMap<string, string>,
  accessOf: ChannelSettings['accessOf'] = noAccess,
): ChannelSettings => {
  const { channels, profiles, routes } = config.role === 'inner' ? config : { channels: [], profiles: [], routes: [] };
  return { channels, profiles, routes, passwords, accessOf };
};

/** Opens them; `keepFor` is how long a provided file waits where no channel says it, milliseconds. */
export const innerSettings = (first: ChannelSettings, keepFor: number): InnerSettings => {
  let now = first;
  let byName = named(first);
  const isVisible = (name: string): boolean => byName.get(name)?.invisibleToDmz === false;
  return {
    now: () => now,
    replace: (next) => {
      now = next;
      byName = named(next);
    },
    isVisible,
    admits: (from, event) => {
      if (event.type !== 'received') return undefined;
      if (!isVisible(event.data.channel)) return `there is no channel ${event.data.channel} for ${from.node}`;
      return event.data.payload.key.startsWith(`${from.node}.`) ? undefined : 'its payload is not its own';
    },
    keeping: (name) => byName.get(name)?.provided ?? { keepFor, afterPickUp: 'keep' },
    directories: () => [
      ...new Set(
        now.profiles.flatMap(({ responses }) =>
          responses.flatMap((response) => (response.kind === 'file' ? [response.directory] : [])),
        ),
      ),
    ],
  };
};

const named = ({ channels }: ChannelSettings): ReadonlyMap<string, ChannelConfig> =>
  new Map(channels.map((each) => [each.name, each]));
