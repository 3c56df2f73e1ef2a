/** A pair of servers, and partners' servers at which things go wrong. */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isRight } from 'fp-ts/lib/Either.js';
import type { TransferRow } from '../../domain/control.ts';
import type { TransferEvent } from '../../domain/transfer/vocabulary.ts';
import { openSsh } from './clients.ts';
import { channelFor, type RunningPartner, remote } from './partner-world.ts';
import { type Pair, type Server, startPair } from './servers.ts';
import { until } from './until.ts';

/** How the servers come to a partner: its channel is named after it. */
export type Way = {
  readonly partner: RunningPartner;
  /** What the channel says besides, or instead. */
  readonly more?: Readonly<Record<string, unknown>>;
  readonly viaDmz?: boolean;
};

/** Servers that try again quickly. */
const patient = { retries: { attempts: 1_000, firstDelay: '200ms', longestDelay: '400ms' } };

/** Starts the pair: what `acme` delivers as `to-<partner>-*` is sent to that partner. */
export const pairTo = async (ways: readonly Way[]) => {
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-faults-'));
  const moreChannels = await Promise.all(ways.map(({ partner, more }) => channelFor(directory, partner, more)));
  const moreProfiles = ways.map(({ partner, viaDmz = true }) => ({
    name: `send-${partner.name}`,
    match: { channel: 'acme', name: `to-${partner.name}-*` },
    responses: [{ kind: 'send', channel: partner.name, directory: remote(partner, 'in'), viaDmz }],
  }));
  const pair = await startPair({ moreChannels, moreProfiles, inner: patient, dmz: patient });
  return {
    pair,
    /** Delivers a file as `acme`, to be sent on. */
    deliver: async (name: string, bytes: Uint8Array): Promise<void> => {
      await writeFile(join(directory, name), bytes);
      const { code, err } = await openSsh(pair, [`put ${join(directory, name)}`]);
      if (code !== 0) throw new Error(err);
    },
    end: async (): Promise<void> => {
      await pair.end();
      for (const { partner } of ways) await partner.server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
};

/** The transfer by which a file is sent or provided, once a server knows it and it is so. */
export const sendingOf = (
  server: Server,
  name: string,
  what: string,
  is: (row: TransferRow) => boolean,
): Promise<TransferRow> =>
  until(`${name} is ${what}`, async () => {
    const rows = await server.control.list({ limit: 1_000 })();
    return isRight(rows)
      ? rows.right.find((row) => row.name === name && row.scenario !== 'partnerSends' && is(row))
      : undefined;
  });

/** What a server has on record of a transfer. */
export const eventsOf = async (server: Server, id: string): Promise<readonly TransferEvent[]> => {
  const story = await server.control.show(id)();
  return isRight(story) ? story.right.events : [];
};

/** Waits until all that was to be sent is; answers what the partner then has in its directory. */
export const inboxOf = async (pair: Pair, partner: RunningPartner, name: string): Promise<readonly string[]> => {
  await sendingOf(pair.inner, name, 'sent', (row) => row.ended);
  return (await readdir(partner.at('in'))).sort();
};
