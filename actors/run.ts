/** A run of a cron agent: two looks at the partner's directory, and a transfer for each file that is new. */
import { isLeft, type Left, right } from 'fp-ts/lib/Either.js';
import type { Failure } from '../domain/failure.ts';
import type { Messages } from '../domain/message.ts';
import type { PartnerFile } from '../domain/partner.ts';
import type { Clock, EventLog, Ids, JsonObject, Log, Projection, ReadModels } from '../domain/ports.ts';
import type { CronAgent } from '../domain/profile.ts';
import { agentStream, runStream, runVocabulary, seenKey, settled } from '../domain/run.ts';
import type { Fact } from '../domain/transfer/vocabulary.ts';
import { fetchedAs, type TransferRecord } from '../projections/transfers.ts';
import type { Memory } from './agent-memory.ts';
import { pause } from './pause.ts';
import type { Projector } from './projector.ts';
import type { Streams } from './streams.ts';
import { orThrow } from './unwrap.ts';

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
  for (let from = 0n; ; from += BigInt(page)) {
    const events = orThrow(await needs.eventLog.readStream(runStream(run), { from, limit: page })());
    for (const { type, data } of events)
      if (type === 'filesFound') found.push(...runVocabulary.filesFound.parse(data).files);
    if (events.length < page) break;
  }
  if (await begin(needs, self, run, found, signal)) await look(needs, self, run, signal);
};

/** Looks twice, and starts what is new and has not changed in between. */
const look = async (needs: RunNeeds, self: Agent, run: string, signal: AbortSignal): Promise<void> => {
  const { log, streams } = needs;
  const { name, agent, memory } = self;
  if (!(await linkUp(needs, signal))) return;
  // Before the partner is asked: a file whose transfer ends meanwhile may still be in the listing.
  const open = await openPaths(needs, agent.channel);
  const first = await list(needs, agent, signal);
  if (!isLeft(first) && first.right.length > 0) await pause(needs.clock, agent.settle, signal);
  const second = isLeft(first) || first.right.length === 0 ? first : await list(needs, agent, signal);
  if (signal.aborted) return;
  if (isLeft(first) || isLeft(second)) {
    const { code, text } = isLeft(first) ? first.left : (second as Left<Failure>).left;
    // Once, not at every time of the schedule for as long as it lasts.
    const tell = memory.blind ? log.warn : log.alarm;
    memory.blind = true;
    tell('a run could not see what the partner has; the next time tries again', { agent: name, why: text });
    orThrow(await streams.recordLocal(runStream(run), [{ type: 'runFailed', data: { code, text } }]));
    return;
  }
  if (memory.blind) log.info('a run sees again what the partner has', { agent: name });
  memory.blind = false;
  const { files, left } = settled(agent, first.right, second.right);
  const unseen = files.filter((file) => !open.has(file.path) && !memory.seen.has(seenKey(file)));
  const fresh = agent.after === 'keep' ? await unfetched(needs, self, unseen) : unseen;
  for (let at = 0; at < fresh.length; at += batch) {
    const data = { files: fresh.slice(at, at + batch) } as unknown as JsonObject;
    orThrow(await streams.recordLocal(runStream(run), [{ type: 'filesFound', data }]));
  }
  if (agent.after === 'keep') await forget(needs, self, second.right);
  if (!(await begin(needs, self, run, fresh, signal))) return;
  const data = { found: fresh.length, left };
  orThrow(await streams.recordLocal(runStream(run), [{ type: 'runEnded', data }]));
  if (fresh.length + left > 0) log.info('a run has ended', { agent: name, ...data });
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
const openPaths = async (needs: RunNeeds, channel: string): Promise<ReadonlySet<string>> => {
  await needs.projector.settled(needs.streams.position());
  const paths = new Set<string>();
  for (let offset = 0; ; offset += page) {
    const query = { where: { getting: channel }, orderBy: 'id', limit: page, offset };
    const rows = orThrow(await needs.models.query(needs.projection, query)());
    for (const { path } of rows) if (path !== null) paths.add(path);
    if (rows.length < page) return paths;
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
      right(existing === undefined ? [creation(name, agent, dmz, file)] : []),
    );
    if (isLeft(created)) throw new Error(created.left.text);
  }
  const unseen = files.map(seenKey).filter((key) => !memory.seen.has(key));
  if (agent.after === 'keep') await remember(needs, name, memory, unseen);
  return !signal.aborted;
};

const remember = async (needs: RunNeeds, name: string, memory: Memory, keys: readonly string[]): Promise<void> => {
  for (let at = 0; at < keys.length; at += batch) {
    const fact = { type: 'filesSeen', data: { keys: keys.slice(at, at + batch) } };
    orThrow(await needs.streams.recordLocal(agentStream(name), [fact]));
  }
  for (const key of keys) memory.seen.add(key);
};

/** What is not at the partner any more need not be remembered. */
const forget = async (needs: RunNeeds, { name, memory }: Agent, there: readonly PartnerFile[]): Promise<void> => {
  const present = new Set(there.map(seenKey));
  const gone = [...memory.seen].filter((key) => !present.has(key));
  for (let at = 0; at < gone.length; at += batch) {
    const fact = { type: 'filesGone', data: { keys: gone.slice(at, at + batch) } };
    orThrow(await needs.streams.recordLocal(agentStream(name), [fact]));
  }
  for (const key of gone) memory.seen.delete(key);
};

const creation = (profile: string, { channel, after, moveTo }: CronAgent, dmz: string, file: PartnerFile): Fact => {
  const { path, name, size, modified } = file;
  const source = { path, name, size, modified, after, moveTo };
  return { type: 'created', data: { scenario: 'cronGet', channel, source, profile, dmz } };
};
