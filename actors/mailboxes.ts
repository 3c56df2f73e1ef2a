/** Whose a mail address is. The channels that take mail are looked through once, and again when they have changed. */
import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js';
import type { ReplicatedChannel } from '../domain/channel.ts';
import type { Attempt, Refusal } from '../domain/failure.ts';
import { mailEntriesFor } from '../domain/mail.ts';
import type { Projection, ReadModels } from '../domain/ports.ts';
import { mostChannels } from '../domain/replication.ts';
import type { ChannelRow } from '../projections/channels.ts';
import { asRefusal } from './refusals.ts';

/** The addresses of all channels. */
export type Mailboxes = {
  /** The channel whose address it is: one that names it, or else one that has all of its domain. */
  find(recipient: string): Promise<Either<Refusal, ReplicatedChannel | undefined>>;
};

type Known = { readonly version: string; readonly owners: ReadonlyMap<string, ReplicatedChannel> };

/** Opens them. */
export const openMailboxes = (needs: {
  readonly models: ReadModels;
  readonly projection: Projection<ChannelRow>;
}): Mailboxes => {
  const { models, projection } = needs;
  let known: Known | undefined;

  /** A channel that is changed comes with a higher counter, and one that is removed is one less. */
  const version: Attempt<string> = async () => {
    const newest = await models.query(projection, { orderBy: 'counter', descending: true, limit: 1 })();
    if (isLeft(newest)) return newest;
    const count = await models.count(projection)();
    if (isLeft(count)) return count;
    const [row] = newest.right;
    return right(`${row?.epoch} ${row?.counter} ${count.right}`);
  };

  const current: Attempt<Known> = async () => {
    const now = await version();
    if (isLeft(now)) return now;
    if (known?.version === now.right) return right(known);
    const rows = await models.query(projection, { where: { mail: 1 }, limit: mostChannels })();
    if (isLeft(rows)) return rows;
    const owners = rows.right.flatMap(({ channel }) =>
      (channel.mail?.recipients ?? []).map((address) => [address, channel] as const),
    );
    known = { version: now.right, owners: new Map(owners) };
    return right(known);
  };

  return {
    find: async (recipient) => {
      const here = await current();
      if (isLeft(here)) return left(asRefusal(here.left));
      const entry = mailEntriesFor(recipient).find((each) => here.right.owners.has(each));
      return right(entry === undefined ? undefined : here.right.owners.get(entry));
    },
  };
};
