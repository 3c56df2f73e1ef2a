/** What an agent remembers over restarts: its stream, folded. */
import type { EventLog } from '../domain/ports.ts';
import { agentStream, agentVocabulary, runStream } from '../domain/run.ts';
import { wholeStream } from './whole-stream.ts';

/** The last time that was taken, its run where that has not ended, and the files that are kept at the partner; `blind`: the last look failed. */
export type Memory = { slot: number | undefined; run: string | undefined; blind: boolean; readonly seen: Set<string> };

/** Folds an agent's stream. */
export const recall = async (log: EventLog, name: string): Promise<Memory> => {
  const memory: Memory = { slot: undefined, run: undefined, blind: false, seen: new Set() };
  for await (const { type, data } of wholeStream(log, agentStream(name))) {
    if (type === 'slotTaken') Object.assign(memory, agentVocabulary.slotTaken.parse(data));
    if (type === 'filesSeen') for (const key of agentVocabulary.filesSeen.parse(data).keys) memory.seen.add(key);
    if (type === 'filesGone') for (const key of agentVocabulary.filesGone.parse(data).keys) memory.seen.delete(key);
  }
  if (memory.run !== undefined && (await hasEnded(log, memory.run))) memory.run = undefined;
  return memory;
};

const hasEnded = async (log: EventLog, run: string): Promise<boolean> => {
  for await (const { type } of wholeStream(log, runStream(run)))
    if (type === 'runEnded' || type === 'runFailed') return true;
  return false;
};
