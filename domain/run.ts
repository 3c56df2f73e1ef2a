/**
 * One look of an agent at a partner's directory: the stream `run-<id>`. What it found is recorded before any transfer is
 * started, so that a restart goes on with the same files. The agent's own stream `agent-<profile>` holds its last time and,
 * where the partner keeps its files, those that it has seen. Local: none of it travels.
 */
import { z } from 'zod';
import { globMatches } from './glob.ts';
import { isSameFile, type PartnerFile, partnerFile } from './partner.ts';
import type { CronAgent } from './profile.ts';

const files = z.array(partnerFile).max(1_000);

/** What is recorded of a run. */
export const runVocabulary = {
  runStarted: z.strictObject({ agent: z.string(), slot: z.number().int() }),
  /** Files that are new; each becomes a transfer. */
  filesFound: z.strictObject({ files }),
  /** All of them have their transfers. */
  runEnded: z.strictObject({ found: z.number().int(), left: z.number().int() }),
  /** The partner could not be asked; the next time tries again. */
  runFailed: z.strictObject({ code: z.string(), text: z.string() }),
} as const;

/** What is recorded of an agent. */
export const agentVocabulary = {
  /** A time of its schedule is taken; it is never taken twice. */
  slotTaken: z.strictObject({ slot: z.number().int(), run: z.string() }),
  /** Files that are kept at the partner and have their transfers. */
  filesSeen: z.strictObject({ keys: z.array(z.string()).max(1_000) }),
  /** Files that were seen and are not there any more. */
  filesGone: z.strictObject({ keys: z.array(z.string()).max(1_000) }),
} as const;

/** The streams. */
export const runStream = (id: string): string => `run-${id}`;
export const agentStream = (profile: string): string => `agent-${profile}`;

/** What tells one file at a partner from another. */
export type SeenFile = Pick<PartnerFile, 'path' | 'size' | 'modified'>;

/** What makes a file the one that was seen: a new size or time makes it a new file. */
export const seenKey = ({ path, size, modified }: SeenFile): string => `${size}:${modified ?? ''}:${path}`;

/** The files of two listings that are worth fetching: of the right name, and unchanged between the two; and how many are left for the next time. */
export const settled = (
  { name }: Pick<CronAgent, 'name'>,
  first: readonly PartnerFile[],
  second: readonly PartnerFile[],
): { readonly files: readonly PartnerFile[]; readonly left: number } => {
  const before = new Map(first.map((file) => [file.path, file]));
  const named = second.filter((file) => globMatches(name, file.name));
  const still = named.filter((file) => {
    const then = before.get(file.path);
    return then !== undefined && isSameFile(then, file);
  });
  return { files: still, left: named.length - still.length };
};

/** The time that is due now, if any: the latest of those that passed since `last`, by the agent's rule for missed ones. */
export const dueSlot = (
  next: (after: number) => number | undefined,
  { last, startedAt, now }: { readonly last: number | undefined; readonly startedAt: number; readonly now: number },
  missed: CronAgent['missed'],
): number | undefined => {
  const from = last === undefined ? startedAt : missed === 'once' ? last : Math.max(last, startedAt);
  let slot = passed(next(from), now);
  if (slot === undefined) return undefined;
  // Of many that passed only the latest counts: the run sees all that is there. Looked for backwards, in growing steps.
  let back = firstStep;
  while (now - back > from && passed(next(now - back), now) === undefined) back *= 8;
  for (let later = next(Math.max(from, now - back)); passed(later, now) !== undefined; later = next(slot))
    slot = later ?? slot;
  return slot;
};

const firstStep = 60_000;
const passed = (slot: number | undefined, now: number): number | undefined =>
  slot !== undefined && slot <= now ? slot : undefined;
