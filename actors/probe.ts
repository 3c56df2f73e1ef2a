/** Looks at a channel's partner step by step, so that a person is told which one fails. */
import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js';
import type { Probe, ProbedPlace, ProbeRequest, ProbeStep } from '../domain/control.ts';
import { type Attempt, type Failure, permanent, refusal } from '../domain/failure.ts';
import type { Answer } from '../domain/intake.ts';
import type { Messages } from '../domain/message.ts';
import { joinPath, type PartnerAccess, type PartnerSession, type Partners } from '../domain/partner.ts';
import type { Clock, EventLog, Ids } from '../domain/ports.ts';
import { temporaryName } from '../domain/sending.ts';
import { asRefusal } from './refusals.ts';
import { onlyInner, trustedIn } from './trust.ts';

/** What looking rests on; `accessOf` is inner's alone. */
export type ProbeNeeds = {
  readonly accessOf: ((channel: string) => Either<Failure, PartnerAccess>) | undefined;
  readonly partners: Partners;
  readonly messages: Pick<Messages, 'list'>;
  readonly eventLog: EventLog;
  readonly ids: Ids;
  readonly clock: Clock;
  readonly dmz: () => string;
};

/** Looks at every address of the partner from here; through dmz at that which answers first. */
export const probing =
  (needs: ProbeNeeds) =>
  (request: ProbeRequest): Answer<Probe> =>
  async () => {
    const { channel, depth, viaDmz } = request;
    const access = needs.accessOf?.(channel);
    if (access === undefined) return left(onlyInner);
    if (isLeft(access)) return left(refusal('notFound', access.left.text));
    const { protocol, trusted: configured, settings } = access.right;
    const approved = await trustedIn(needs.eventLog, channel);
    if (isLeft(approved)) return left(asRefusal(approved.left));
    if (depth === 'key' && (settings as { readonly verify?: string }).verify === 'authority')
      return left(refusal('invalid', `channel ${channel} trusts authorities (verify: authority): nobody is approved`));
    // Whoever it is, for its key alone we do not log in.
    const trusted = depth === 'key' ? [] : [...configured, ...approved.right].slice(0, 20);
    const places: ProbedPlace[] = [];
    if (depth !== 'nothing' && viaDmz) places.push(await throughDmz(needs, request));
    else if (depth !== 'nothing')
      for (const address of access.right.hosts)
        places.push(await fromHere(needs, request, address, { ...access.right, trusted, hosts: [address] }));
    return right({ protocol, configured, approved: approved.right, places });
  };

/** Steps as they are begun and ended. */
const stepping = (clock: Clock) => {
  const steps: ProbedPlace['steps'][number][] = [];
  let current: { readonly step: ProbeStep; readonly since: number } | undefined;
  const end = (failure: Failure | undefined): void => {
    if (current === undefined && failure === undefined) return;
    // What fails before the first step is a key of ours that cannot be used.
    const { step, since } = current ?? { step: 'login', since: clock.monotonic() };
    const why = failure === undefined ? null : { code: failure.code, text: failure.text.slice(0, 2000) };
    steps.push({ step, milliseconds: Math.round(clock.monotonic() - since), failure: why });
    current = undefined;
  };
  const begin = (step: ProbeStep): void => {
    end(undefined);
    current = { step, since: clock.monotonic() };
  };
  /** Does one step; answers whether it went well. */
  const run = async (step: ProbeStep, work: Attempt<unknown>): Promise<boolean> => {
    begin(step);
    const done = await work();
    end(isLeft(done) ? done.left : undefined);
    return !isLeft(done);
  };
  return { steps, begin, end, run };
};
type Stepping = ReturnType<typeof stepping>;

const fromHere = async (
  needs: ProbeNeeds,
  request: ProbeRequest,
  address: string,
  access: PartnerAccess,
): Promise<ProbedPlace> => {
  const stepped = stepping(needs.clock);
  let seen: ProbedPlace['seen'] = null;
  const session = await needs.partners.connect(access, {
    onStep: stepped.begin,
    onSeen: (fingerprint, certificate) => {
      seen = { fingerprint, certificate: certificate ?? null };
    },
  })();
  stepped.end(isLeft(session) ? session.left : undefined);
  if (!isLeft(session)) {
    if (request.depth !== 'key') await lookInto(needs, request, access, session.right, stepped);
    await session.right.close();
  }
  return { address, steps: stepped.steps, seen };
};

const lookInto = async (
  { ids }: ProbeNeeds,
  { directory, depth }: ProbeRequest,
  { sending }: PartnerAccess,
  session: PartnerSession,
  { run }: Stepping,
): Promise<void> => {
  // Whatever is handed over is there for good.
  if (session.handOver !== undefined) return;
  if (!(await run('list', session.list(directory))) || depth !== 'write') return;
  const id = ids.fresh();
  const first = joinPath(directory, temporaryName(sending, id, `sallyport-test-${id}`));
  const second = joinPath(directory, `.sallyport-test-${id}.tmp`);
  if (!(await run('write', session.write(first, aLine())))) return;
  const renamed = await run('rename', session.rename(first, second));
  if (renamed) await run('remove', session.remove(second));
  else await session.remove(first)();
};

async function* aLine(): AsyncIterable<Uint8Array> {
  await Promise.resolve();
  yield new TextEncoder().encode('A test of sallyport; it is removed at once.\n');
}

/** What dmz says is a sentence; one about a key that is not approved names that key. */
const throughDmz = async (
  { messages, clock, dmz }: ProbeNeeds,
  { channel, directory, depth }: ProbeRequest,
): Promise<ProbedPlace> => {
  const stepped = stepping(clock);
  const node = dmz();
  const list: Attempt<unknown> =
    depth === 'write'
      ? () => Promise.resolve(left(permanent('notPermitted', 'through dmz nothing is written; leave --write out')))
      : messages.list(node, { channel, directory });
  await stepped.run('list', list);
  const text = stepped.steps[0]?.failure?.text ?? '';
  const fingerprint = /not approved: (SHA256:[A-Za-z0-9+/]{43})/.exec(text)?.[1];
  const seen = fingerprint === undefined ? null : { fingerprint, certificate: null };
  return { address: `through ${node}`, steps: stepped.steps, seen };
};
