/** One child per cron agent: at each time of its schedule a run; never two at once, never one time twice. */
import { isLeft } from 'fp-ts/lib/Either.js';
import type { Clock, Cron, Log } from '../domain/ports.ts';
import type { CronAgent, Profile } from '../domain/profile.ts';
import { agentStream, dueSlot } from '../domain/run.ts';
import { type Memory, recall } from './agent-memory.ts';
import { pause } from './pause.ts';
import { goOn, type RunNeeds, startRun } from './run.ts';
import { orThrow } from './unwrap.ts';

/** What agents rest on. */
export type AgentsNeeds = RunNeeds & { readonly cron: Cron; readonly clock: Clock; readonly log: Log };

/** Timers of a month and more overflow, and a wall clock may jump: it is looked at again at least so often. */
const longestWait = 60_000;

/** Starts the agents of these profiles; answers the means to stop, which waits for no partner. */
export const startAgents = (needs: AgentsNeeds, profiles: readonly Profile[]): (() => Promise<void>) => {
  const stopping = new AbortController();
  const running = profiles.flatMap((profile) =>
    profile.agent === undefined ? [] : [revived(needs, profile.name, profile.agent, stopping.signal)],
  );
  return async () => {
    stopping.abort();
    await Promise.all(running);
  };
};

/** An agent that fell over, for want of room in the log or by a defect, begins again with what it has on record. */
const revived = async (needs: AgentsNeeds, name: string, agent: CronAgent, signal: AbortSignal): Promise<void> => {
  while (!signal.aborted) {
    await live(needs, name, agent, signal).catch((error: unknown) => {
      if (!signal.aborted)
        needs.log.alarm('an agent has stopped; it begins again', { agent: name, error: String(error) });
    });
    await pause(needs.clock, longestWait, signal);
  }
};

const live = async (needs: AgentsNeeds, name: string, agent: CronAgent, signal: AbortSignal): Promise<void> => {
  const { clock, cron, ids } = needs;
  let startedAt = clock.now();
  const memory = await recall(needs.eventLog, name);
  const next = (after: number): number | undefined => cron.next(agent.schedule, agent.timeZone, after);
  const self = { name, agent, memory };
  if (memory.run !== undefined) await goOn(needs, self, memory.run, signal);
  while (!signal.aborted) {
    const now = clock.now();
    // A clock that was ahead at the start must not keep it from its times until then.
    startedAt = Math.min(startedAt, now);
    const slot = dueSlot(next, { last: memory.slot, startedAt, now }, agent.missed);
    if (slot === undefined) {
      const due = next(Math.max(now, memory.slot ?? 0)) ?? now + longestWait;
      await pause(clock, Math.min(longestWait, Math.max(1, due - now)), signal);
      continue;
    }
    const run = ids.derived('run', name, slot);
    await take(needs, name, memory, slot, run);
    await startRun(needs, self, run, slot, signal);
  }
};

const take = async (needs: AgentsNeeds, name: string, memory: Memory, slot: number, run: string): Promise<void> => {
  const taken = await needs.streams.recordLocal(agentStream(name), [{ type: 'slotTaken', data: { slot, run } }]);
  if (isLeft(taken)) orThrow(taken);
  memory.slot = slot;
};
