/** Inner's side of replication: every dmz whose link is up is brought to the version that is published now. */
import { isLeft } from 'fp-ts/lib/Either.js';
import type { ReplicatedChannel } from '../domain/channel.ts';
import type { ChannelDiff } from '../domain/channel-control.ts';
import type { ChannelConfig } from '../domain/channel-settings.ts';
import type { Failure } from '../domain/failure.ts';
import type { Messages } from '../domain/message.ts';
import type { Clock, Log, Verifiers } from '../domain/ports.ts';
import { type HeldChannels, provenText } from '../domain/replication.ts';
import { type BookNeeds, openBook, type Published, partsOf } from './channel-book.ts';
import { replicatedBy } from './replicated.ts';

/** What publishing rests on. */
export type PublishNeeds = BookNeeds & {
  readonly messages: Messages;
  readonly verifiers: Verifiers;
  readonly clock: Clock;
  readonly log: Log;
  /** The largest message, bytes. */
  readonly maxMessageSize: number;
};

/** The publisher. */
export type Publisher = {
  /** Records what of these dmz may know, and who had them read again, and brings it to every dmz that is there; answers once that was tried. Passwords are by channel and go no further than the verifiers. */
  publish(channels: readonly ChannelConfig[], passwords: ReadonlyMap<string, string>, by?: string): Promise<void>;
  /** What is published now. */
  version(): HeldChannels | undefined;
  /** What each dmz has, compared with that. */
  diff(): Promise<readonly ChannelDiff[]>;
  stop(): void;
};

const retryAfter = 5_000;
const mostRounds = 4;

/** Opens the publisher; it is silent until the first `publish`. */
export const openPublisher = async (needs: PublishNeeds): Promise<Publisher> => {
  const { messages, signatures, log, clock } = needs;
  const book = await openBook(needs);
  const replicated = replicatedBy(needs, book.salt);
  const running = new Map<string, Promise<void>>();
  const again = new Set<string>();
  let now: Published | undefined;
  let stopped = false;

  const isUp = (node: string): boolean => messages.links().some((link) => link.node === node && link.up);

  const failed = (node: string, { lasting, text }: Failure): void => {
    if (lasting === 'permanent') log.alarm('dmz refuses the channels', { peer: node, why: text });
    else clock.after(retryAfter, () => void bring(node));
  };

  /** Inner was restored from a backup: what it publishes from here on must not pass for what it had published after that. */
  const renew = async (node: string, held: HeldChannels): Promise<boolean> => {
    if (!signatures.verify(provenText(held), held.proof)) {
      log.alarm('dmz says that it has channels which this server never published; nothing is sent to it', {
        peer: node,
      });
      return false;
    }
    now = await book.beginEpoch();
    const { epoch } = now.version;
    log.alarm(
      'dmz has newer channels than this server remembers: was it restored? A new epoch begins; accept it on each dmz',
      {
        ...{ peer: node, before: held.epoch, epoch },
      },
    );
    for (const link of messages.links()) if (link.node !== node) void bring(link.node);
    return true;
  };

  const bringOnce = async (node: string): Promise<void> => {
    let said = await messages.channels(node)();
    for (let round = 0; round < mostRounds && !stopped && now !== undefined; round += 1) {
      if (isLeft(said)) {
        failed(node, said.left);
        return;
      }
      const { held, wantsAll } = said.right;
      const { version } = now;
      const order = compare(held, version);
      if (order === 'same') return;
      if (order === 'ahead') {
        if (held === undefined || !(await renew(node, held))) return;
        continue;
      }
      const base = order === 'behind' && !wantsAll ? held?.counter : undefined;
      for (const part of partsOf(now, base, needs.maxMessageSize / 4, signatures)) {
        said = await messages.channels(node, part)();
        if (isLeft(said) || said.right.wantsAll) break;
      }
    }
    if (!stopped) clock.after(retryAfter, () => void bring(node));
  };

  const bring = (node: string): Promise<void> => {
    if (stopped || now === undefined || !isUp(node)) return Promise.resolve();
    const before = running.get(node);
    if (before !== undefined) {
      again.add(node);
      return before;
    }
    const work = async (): Promise<void> => {
      do {
        again.delete(node);
        await bringOnce(node);
      } while (again.has(node) && !stopped);
    };
    const done = work()
      .catch((error: unknown) => log.error('the channels could not be brought', { peer: node, error: String(error) }))
      .finally(() => running.delete(node));
    running.set(node, done);
    return done;
  };

  const unsubscribe = messages.onLink((link) => link.up && void bring(link.node));

  const diffOf = async (node: string): Promise<ChannelDiff> => {
    const up = isUp(node);
    const nothing = { peer: node, up, has: null, wants: now?.version ?? null, added: [], changed: [], removed: [] };
    const said = up ? await messages.channels(node)() : undefined;
    if (said === undefined || now === undefined) return { ...nothing, text: 'the link is down' };
    if (isLeft(said)) return { ...nothing, text: said.left.text };
    const { held } = said.right;
    if (held === undefined)
      return { ...nothing, added: [...now.channels.keys()].sort(), text: 'it has no channels yet' };
    const known = { ...nothing, has: held };
    switch (compare(held, now.version)) {
      case 'same':
        return { ...known, text: 'it has all of them' };
      case 'behind': {
        const { removed, entries } = now;
        const newer = [...entries].flatMap(([name, { since }]) => (since > held.counter ? [name] : [])).sort();
        const gone = [...removed].flatMap(([name, since]) => (since > held.counter ? [name] : [])).sort();
        return { ...known, changed: newer, removed: gone, text: 'it is behind' };
      }
      default:
        return {
          ...known,
          text: `it has another epoch; \`sallyport channels diff\` on ${node} shows what would change`,
        };
    }
  };

  return {
    publish: async (channels, passwords, by) => {
      const shown: ReplicatedChannel[] = await replicated(channels, passwords);
      now = await book.publish(shown, by);
      await Promise.all(messages.links().map((link) => bring(link.node)));
    },
    version: () => now?.version,
    diff: () => Promise.all(messages.links().map((link) => diffOf(link.node))),
    stop: () => {
      stopped = true;
      unsubscribe();
    },
  };
};

type Order = 'same' | 'behind' | 'ahead' | 'other';

/** How what dmz has stands to what is published. */
const compare = (held: HeldChannels | undefined, { node, epoch, counter, digest }: HeldChannels): Order => {
  if (held === undefined || held.node !== node || held.epoch !== epoch) return 'other';
  if (held.counter === counter) return held.digest === digest ? 'same' : 'ahead';
  return held.counter < counter ? 'behind' : 'ahead';
};
