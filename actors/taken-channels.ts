/** What dmz remembers of the channels that it took: the version, and the epochs that were left. */
import type { EventLog } from '../domain/ports.ts';
import { type HeldChannels, replicationStream, replicationVocabulary } from '../domain/replication.ts';
import { wholeStream } from './whole-stream.ts';

/** The version that is here, and the epochs that do not come back. */
export type Taken = { readonly held: HeldChannels | undefined; readonly leftEpochs: Set<string> };

/** Folds the stream of a dmz. */
export const recallTaken = async (log: EventLog, node: string): Promise<Taken> => {
  let held: HeldChannels | undefined;
  const leftEpochs = new Set<string>();
  for await (const { type, data } of wholeStream(log, replicationStream(node))) {
    if (type === 'epochAccepted') leftEpochs.add(replicationVocabulary.epochAccepted.parse(data).before);
    if (type === 'channelsTaken') held = replicationVocabulary.channelsTaken.parse(data);
  }
  return { held, leftEpochs };
};
