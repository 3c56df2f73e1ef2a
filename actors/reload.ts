/** Going on with other channels, profiles and routes while inner runs. */
import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js';
import { canonical } from '../domain/canonical.ts';
import { type Decision, refusal } from '../domain/failure.ts';
import type { Log } from '../domain/ports.ts';
import { changesBetween } from '../domain/replication.ts';
import type { ChannelSettings, InnerSettings } from './inner-settings.ts';
import type { Publisher } from './publish-channels.ts';

/** What a reload rests on. */
export type ReloadNeeds = {
  /** Reads the config again; one sentence says why it cannot be gone on with. */
  readonly reload?: (() => Promise<Either<string, ChannelSettings>>) | undefined;
  readonly own: InnerSettings;
  readonly publisher: Publisher;
  readonly publishRoutes: () => Promise<void>;
  readonly log: Log;
};

/** Reads the config again and applies its channels and profiles; answers when every dmz that is there has them. */
export const reloading =
  ({ reload, own, publisher, publishRoutes, log }: ReloadNeeds, profilesChanged: () => Promise<void>) =>
  async (login: string): Promise<Decision<string>> => {
    const read = await reload?.();
    if (read === undefined) return left(refusal('unavailable', 'this server has no config to read again'));
    if (isLeft(read)) return left(refusal('invalid', read.left));
    const [before, next] = [own.now(), read.right];
    own.replace(next);
    if (canonical(before.profiles) !== canonical(next.profiles)) await profilesChanged();
    await publisher.publish(next.channels, next.passwords, login);
    if (canonical(before.routes) !== canonical(next.routes)) await publishRoutes();
    const { added, changed, removed } = changesBetween(texts(before.channels), texts(next.channels));
    const words = `${added.length} channels added, ${changed.length} changed, ${removed.length} removed; ${next.profiles.length} profiles, ${next.routes.length} routes`;
    log.info('channels, profiles and routes were read again', { by: login, result: words });
    return right(words);
  };

const texts = (channels: ChannelSettings['channels']): ReadonlyMap<string, string> =>
  new Map(channels.map((each) => [each.name, canonical(each)]));
