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
    profile.agent === undefined
      ? []
      : [
          live(needs, profile.name, profile.agent, stopping.signal).catch((error: unknown) => {
            if (!stopping.signal.aborted)
              needs.log.alarm('an agent has stopped', { agent: profile.name, error: String(error) });
          }),
        ],
  );
  return async () => {
    stopping.abort();
    await Promise.all(running);
  };
};

const live = async (needs: AgentsNeeds, name: string, agent: CronAgent, signal: AbortSignal): Promise<void> => {
  const { clock, cron, ids } = needs;
  const startedAt = clock.now();
  const memory = await recall(needs.eventLog, name);
  const next = (after: number): number | undefined => cron.next(agent.schedule, agent.timeZone, after);
  const self = { name, agent, memory };
  if (memory.run !== undefined) await goOn(needs, self, memory.run, signal);
  while (!signal.aborted) {
    const now = clock.now();
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
