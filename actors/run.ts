/** A run of a cron agent: two looks at the partner's directory, and a transfer for each file that is new. */
import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js';
import type { Failure } from '../domain/failure.ts';
import type { Messages } from '../domain/message.ts';
import type { PartnerFile } from '../domain/partner.ts';
import type { Clock, EventLog, Ids, JsonObject, Log, Projection, ReadModels } from '../domain/ports.ts';
import type { CronAgent } from '../domain/profile.ts';
import { agentStream, runStream, runVocabulary, seenKey, settled } from '../domain/run.ts';
import type { Fact } from '../domain/transfer/vocabulary.ts';
import { fetchedAs, type TransferRecord } from '../projections/transfers.ts';
import type { Memory } from './agent-memory.ts';
import { isCurrent, stale } from './current.ts';
import { pause } from './pause.ts';
import type { Projector } from './projector.ts';
import type { Streams } from './streams.ts';
import { orThrow } from './unwrap.ts';
import { wholeStream } from './whole-stream.ts';

/** What a run rests on. `dmz`: the one to ask now. */
export type RunNeeds = {
  readonly eventLog: EventLog;
  readonly streams: Streams;
  readonly models: ReadModels;
  readonly projection: Projection<TransferRecord>;
  readonly projector: Projector;
  readonly messages: Pick<Messages, 'list' | 'links'>;
  readonly dmz: () => string;
  readonly ids: Ids;
  readonly clock: Clock;
  readonly log: Log;
};

/** An agent at work. */
export type Agent = { readonly name: string; readonly agent: CronAgent; readonly memory: Memory };

const batch = 500;
const page = 1_000;

/** Runs once for a time of the schedule. */
export const startRun = async (
  needs: RunNeeds,
  self: Agent,
  run: string,
  slot: number,
  signal: AbortSignal,
): Promise<void> => {
  const data = { agent: self.name, slot };
  orThrow(await needs.streams.recordLocal(runStream(run), [{ type: 'runStarted', data }]));
  await look(needs, self, run, signal);
};

/**
 * Goes on with a run that a stop of ours cut off: first with the files that it had found, then it looks for those that it
 * had not come to. A transfer's id holds the run, so what was started is not started again.
 */
export const goOn = async (needs: RunNeeds, self: Agent, run: string, signal: AbortSignal): Promise<void> => {
  const found: PartnerFile[] = [];
  for await (const { type, data } of wholeStream(needs.eventLog, runStream(run)))
    if (type === 'filesFound') found.push(...runVocabulary.filesFound.parse(data).files);
  if (await begin(needs, self, run, found, signal)) await look(needs, self, run, signal);
};

/** Looks twice, and starts what is new and has not changed in between. */
const look = async (needs: RunNeeds, self: Agent, run: string, signal: AbortSignal): Promise<void> => {
  const { log, streams } = needs;
  const { name, agent, memory } = self;
  if (!(await linkUp(needs, signal))) return;
  const looked = await lookTwice(needs, agent, signal);
  if (signal.aborted) return;
  if (isLeft(looked)) {
    const { code, text } = looked.left;
    // Once, not at every time of the schedule for as long as it lasts.
    const tell = memory.blind ? log.warn : log.alarm;
    memory.blind = true;
    tell('a run could not see what the partner has; the next time tries again', { agent: name, why: text });
    orThrow(await streams.recordLocal(runStream(run), [{ type: 'runFailed', data: { code, text } }]));
    return;
  }
  if (memory.blind) log.info('a run sees again what the partner has', { agent: name });
  memory.blind = false;
  const { open, first, second } = looked.right;
  const { files, left: unsettled } = settled(agent, first, second);
  const unseen = files.filter((file) => !open.has(file.path) && !memory.seen.has(seenKey(file)));
  const fresh = agent.after === 'keep' ? await unfetched(needs, self, unseen) : unseen;
  await recordAll(needs, runStream(run), 'filesFound', 'files', fresh);
  if (agent.after === 'keep') await forget(needs, self, second);
  if (!(await begin(needs, self, run, fresh, signal))) return;
  const data = { found: fresh.length, left: unsettled };
  orThrow(await streams.recordLocal(runStream(run), [{ type: 'runEnded', data }]));
  if (fresh.length + unsettled > 0) log.info('a run has ended', { agent: name, ...data });
};

/** The paths of files that are on their way, and then twice what the partner has. */
const lookTwice = async (needs: RunNeeds, agent: CronAgent, signal: AbortSignal) => {
  // Before the partner is asked: a file whose transfer ends meanwhile may still be in the listing.
  const open = await openPaths(needs, agent.channel);
  if (isLeft(open)) return open;
  const first = await list(needs, agent, signal);
  if (isLeft(first)) return first;
  if (first.right.length > 0) await pause(needs.clock, agent.settle, signal);
  const second = first.right.length === 0 ? first : await list(needs, agent, signal);
  return isLeft(second) ? second : right({ open: open.right, first: first.right, second: second.right });
};

const linkCodes = ['noLink', 'linkBroken'];
const linkWait = 1_000;

/** A look waits for dmz: the time that it is for was taken, and the next may be a day off. */
const linkUp = async ({ messages, clock }: RunNeeds, signal: AbortSignal): Promise<boolean> => {
  while (!signal.aborted && !messages.links().some((link) => link.up)) await pause(clock, linkWait, signal);
  return !signal.aborted;
};

const list = async (needs: RunNeeds, { channel, directory }: CronAgent, signal: AbortSignal) => {
  for (;;) {
    const listed = await needs.messages.list(needs.dmz(), { channel, directory })();
    if (!isLeft(listed) || signal.aborted || !linkCodes.includes(listed.left.code)) return listed;
    await pause(needs.clock, linkWait, signal);
    await linkUp(needs, signal);
  }
};

/** Paths of files that are on their way already. */
const openPaths = async (needs: RunNeeds, channel: string): Promise<Either<Failure, ReadonlySet<string>>> => {
  if (!(await isCurrent(needs))) return left(stale);
  const paths = new Set<string>();
  for (let offset = 0; ; offset += page) {
    const query = { where: { getting: channel }, limit: page, offset };
    const rows = orThrow(await needs.models.query(needs.projection, query)());
    for (const { path } of rows) if (path !== null) paths.add(path);
    if (rows.length < page) return right(paths);
  }
};

/** A file that changed after it was listed was fetched as it was then: that one is seen, too. */
const unfetched = async (
  needs: RunNeeds,
  { name, memory }: Agent,
  files: readonly PartnerFile[],
): Promise<readonly PartnerFile[]> => {
  const fresh: PartnerFile[] = [];
  const known: string[] = [];
  for (const file of files) {
    const query = { where: { fetched: fetchedAs(name, file) }, limit: 1 };
    const rows = orThrow(await needs.models.query(needs.projection, query)());
    if (rows.length === 0) fresh.push(file);
    else known.push(seenKey(file));
  }
  await remember(needs, name, memory, known);
  return fresh;
};

/** A transfer for each file, then what the agent has seen; true unless a stop came first. Done again from the start after a break. */
const begin = async (
  needs: RunNeeds,
  { name, agent, memory }: Agent,
  run: string,
  files: readonly PartnerFile[],
  signal: AbortSignal,
): Promise<boolean> => {
  const dmz = needs.dmz();
  for (const file of files) {
    if (signal.aborted) return false;
    const id = needs.ids.derived(run, file.path, file.size, file.modified ?? 0);
    const created = await needs.streams.record(id, 'create', (existing) =>
      right(existing === undefined ? [creation(name, agent, run, dmz, file)] : []),
    );
    if (isLeft(created)) throw new Error(created.left.text);
  }
  const unseen = files.map(seenKey).filter((key) => !memory.seen.has(key));
  if (agent.after === 'keep') await remember(needs, name, memory, unseen);
  return !signal.aborted;
};

const remember = async (needs: RunNeeds, name: string, memory: Memory, keys: readonly string[]): Promise<void> => {
  await recordAll(needs, agentStream(name), 'filesSeen', 'keys', keys);
  for (const key of keys) memory.seen.add(key);
};

/** What is not at the partner any more need not be remembered. */
const forget = async (needs: RunNeeds, { name, memory }: Agent, there: readonly PartnerFile[]): Promise<void> => {
  const present = new Set(there.map(seenKey));
  const gone = [...memory.seen].filter((key) => !present.has(key));
  await recordAll(needs, agentStream(name), 'filesGone', 'keys', gone);
  for (const key of gone) memory.seen.delete(key);
};

/** Records as many events of a type as the items need, so that none is too large. */
const recordAll = async (
  { streams }: RunNeeds,
  stream: string,
  type: string,
  field: string,
  items: readonly (PartnerFile | string)[],
): Promise<void> => {
  for (let at = 0; at < items.length; at += batch) {
    const data = { [field]: items.slice(at, at + batch) } as JsonObject;
    orThrow(await streams.recordLocal(stream, [{ type, data }]));
  }
};

const creation = (
  profile: string,
  { channel, after, moveTo }: CronAgent,
  run: string,
  dmz: string,
  file: PartnerFile,
): Fact => {
  const { path, name, size, modified } = file;
  const source = { path, name, size, modified, after, moveTo };
  return { type: 'created', data: { scenario: 'cronGet', channel, source, profile, dmz, run } };
};
