/** What a person may ask about channels: on inner of the config and the publisher, on dmz of what was taken. */
import { isLeft, left, right } from 'fp-ts/lib/Either.js';
import type { ChannelControl, ChannelDiff, ChannelLine } from '../domain/channel-control.ts';
import { type Decision, refusal } from '../domain/failure.ts';
import type { Answer } from '../domain/intake.ts';
import type { Projection, ReadModels } from '../domain/ports.ts';
import type { ChannelVersion } from '../domain/replication.ts';
import type { ChannelRow } from '../projections/channels.ts';
import type { InnerSettings } from './inner-settings.ts';
import type { Publisher } from './publish-channels.ts';
import { asRefusal } from './refusals.ts';
import type { Taker } from './take-channels.ts';

const only = (role: string) => () => Promise.resolve(left(refusal('notPermitted', `only ${role} does that`)));

/** The control of channels on inner. */
export const innerChannels = (
  node: string,
  settings: InnerSettings,
  publisher: Publisher,
  reload: (login: string) => Promise<Decision<string>>,
): ChannelControl => ({
  channels: () => () => {
    const version = bare(publisher.version() ?? null);
    const channels = settings.now().channels.map((each): ChannelLine => {
      const secret = each.password !== undefined || each.verifier !== undefined;
      const proofs = proofWords(secret, each);
      const { name, login = null, partner, mail } = each;
      return {
        name,
        login,
        proofs,
        partner: partner?.protocol ?? null,
        visible: !each.invisibleToDmz && (login !== null || mail !== undefined),
      };
    });
    return Promise.resolve(right({ role: 'inner', node, version, channels }));
  },
  channelDiff: () => async () => right((await publisher.diff()).map(clean)),
  acceptEpoch: () => only('dmz'),
  reloadChannels: (login) => () => reload(login),
});

/** The control of channels on dmz. */
export const dmzChannels = (
  node: string,
  models: ReadModels,
  projection: Projection<ChannelRow>,
  taker: Taker,
): ChannelControl => ({
  channels: () => async () => {
    const rows = await models.query(projection, { orderBy: 'login', limit: 100_000 })();
    if (isLeft(rows)) return left(asRefusal(rows.left));
    const channels = rows.right.map(({ channel }) => {
      const { name, login = null, verifier } = channel;
      const proofs = proofWords(verifier !== undefined, channel);
      return { name, login, proofs, partner: null, visible: true };
    });
    return right({ role: 'dmz', node, version: bare(taker.version() ?? null), channels });
  },
  channelDiff: (): Answer<readonly ChannelDiff[]> => async () => {
    const found = await taker.diff();
    return isLeft(found) ? found : right([clean(found.right)]);
  },
  acceptEpoch: (epoch, counter, login) => () => taker.accept(epoch, counter, login),
  reloadChannels: () => only('inner'),
});

const proofWords = (password: boolean, { publicKeys, clientCertificates, mail }: Proven): string =>
  [
    ...(password ? ['password'] : []),
    ...counted(publicKeys, 'key', 'keys'),
    ...counted(clientCertificates, 'certificate', 'certificates'),
    ...counted(mail?.recipients ?? [], 'mail address', 'mail addresses'),
  ].join(', ');

type Proven = {
  readonly publicKeys: readonly string[];
  readonly clientCertificates: readonly string[];
  readonly mail?: { readonly recipients: readonly string[] } | undefined;
};

const counted = ({ length }: readonly string[], one: string, many: string): readonly string[] =>
  length === 0 ? [] : [`${length} ${length === 1 ? one : many}`];

/** Without the proof, which is nobody's business here. */
const bare = (version: ChannelVersion | null): ChannelVersion | null => {
  if (version === null) return null;
  const { node, epoch, counter, digest } = version;
  return { node, epoch, counter, digest };
};

const clean = (diff: ChannelDiff): ChannelDiff => ({ ...diff, has: bare(diff.has), wants: bare(diff.wants) });
