/** Both servers' records in one log in memory, told as facts, for what follows them. */
import { isLeft, right } from 'fp-ts/lib/Either.js';
import { ownerOf } from '../../actors/roles.ts';
import { openStreams, type Streams } from '../../actors/streams.ts';
import type { Clock, EventLog, Ids } from '../../domain/ports.ts';
import type { Role } from '../../domain/role.ts';
import type { Fact } from '../../domain/transfer/vocabulary.ts';
import { fact } from './given.ts';

/** What it is told over. */
export type Told = { readonly eventLog: EventLog; readonly clock: Clock; readonly ids: Ids };

/** A server's own writer. */
export const streamsOf = ({ eventLog, clock, ids }: Told, role: Role): Streams =>
  openStreams({ log: eventLog, clock, ids, role, node: `${role}-1` });

/** Records what happened to a transfer, each fact as the server to which it belongs. */
export const tell = async (told: Told, id: string, ...facts: readonly (Fact | Fact['type'])[]): Promise<void> => {
  for (const each of facts) {
    const what = typeof each === 'string' ? fact(each) : each;
    const loaded = await streamsOf(told, 'inner').load(id);
    if (isLeft(loaded)) throw new Error(loaded.left.text);
    const role = loaded.right === undefined ? 'inner' : (ownerOf(loaded.right.scenario, loaded.right.state) ?? 'inner');
    const recorded = await streamsOf(told, role).record(id, 'told', () => right([what]));
    if (isLeft(recorded)) throw new Error(recorded.left.text);
  }
};
