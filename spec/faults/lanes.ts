/** Clients that send one file after the other, each until it has its OK, as long as the test goes on. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import type { Pair } from '../support/servers.ts';
import { type Chance, chanceOf } from './chance.ts';
import type { Ledger, Sent } from './ledger.ts';

/** How a file is sent. */
export const ways = ['plain', 'renamed', 'removed', 'scattered', 'cut', 'resumed'] as const;
export type Way = (typeof ways)[number];

/** A way of sending, and a size. */
export type Wish = { readonly way: Way; readonly size: number };

/** A client. It rejects where it did not get its OK; the file is then sent again, whatever became of it. */
export type Sender = {
  send(way: Way, file: Sent): Promise<void>;
  /** Ends its session, if it has one, as it should be. */
  leave(): Promise<void>;
};

/** What lanes rest on. `wanted`: how a file must now be sent for the armed fault point to be passed, if not just anyhow. */
export type LaneNeeds = {
  readonly pair: Pair;
  readonly seed: number;
  readonly ledger: Ledger;
  readonly over: () => boolean;
  readonly wanted: () => Wish | undefined;
  /** Sends other content under the same name now and then; unless it is not to, where the name must be the file's own. */
  readonly daily?: false;
};

const KiB = 1024;
const sizes = [0, 1, ...Array.from({ length: 8 }, () => 4 * KiB), 200 * KiB, 200 * KiB] as const;
const large = 3 * KiB * KiB;
/** Whoever is told no so often in a row will not be helped by another try. */
const mostTries = 200;

/** Bytes that no other file of the test has, from 16 bytes on; smaller ones are told apart by their name. */
export const contentOf = (seed: number, name: string, size: number): Buffer =>
  size === 0 ? Buffer.alloc(0) : createHash('shake256', { outputLength: size }).update(`${seed} ${name}`).digest();

const wish = (chance: Chance, wanted: Wish | undefined): Wish => {
  if (wanted !== undefined && chance.whole(0, 1) === 0) return wanted;
  const size = chance.whole(0, 39) === 0 ? large : chance.pick([...sizes]);
  const way = chance.whole(0, 1) === 0 ? 'plain' : chance.pick([...ways]);
  const least = way === 'scattered' || way === 'resumed' ? 200 * KiB : way === 'cut' ? 4 * KiB : 0;
  return { way, size: Math.max(size, least) };
};

/** One client. Now and then it sends other content under the same name again, or ends its session. */
export const lane = async (needs: LaneNeeds, name: string, sender: Sender): Promise<void> => {
  const { pair, seed, ledger } = needs;
  const chance = chanceOf(seed, name);
  for (let i = 0; !needs.over(); i += 1) {
    const { way, size } = wish(chance, needs.wanted());
    const daily = needs.daily !== false && way === 'plain' && size >= KiB && chance.whole(0, 4) === 0;
    const file = { name: daily ? `${name}.csv` : `${name}-${i}.bin`, bytes: contentOf(seed, `${name} ${i}`, size) };
    ledger.begun(file);
    await untilAnswered(pair, `${way} of ${size} bytes to ${file.name}`, () => sender.send(way, file));
    ledger.answered(file);
    if (chance.whole(0, 9) === 0) await sender.leave();
  }
  await sender.leave();
};

/** A server that is not there is waited for; one that says no is asked again, but not for ever. */
const untilAnswered = async (pair: Pair, what: string, send: () => Promise<void>): Promise<void> => {
  for (let tries = 1; ; tries += 1) {
    try {
      await send();
      return;
    } catch (error) {
      if (tries > mostTries) throw new Error(`no OK for ${what} after ${tries} tries`, { cause: error });
      await doorOpen(pair.ftpPort);
    }
  }
};

/** Waits until somebody listens again, as clients do: in pauses. The last door that dmz opens is asked. */
const doorOpen = async (port: number): Promise<void> => {
  for (let open = false; !open; ) {
    await setTimeout(50);
    const socket = connect({ host: '127.0.0.1', port });
    open = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
  }
};
