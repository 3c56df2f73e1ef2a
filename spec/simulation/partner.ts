/** A partner's client: it sends its files one after the other, looks after them, and tries again whatever got no OK. */
import { isLeft } from 'fp-ts/lib/Either.js';
import type { RefusalReason } from '../../domain/failure.ts';
import type { Answer, LoginAttempt, Session } from '../../domain/intake.ts';
import type { Ledger, Sent } from './ledger.ts';
import type { Life } from './life.ts';
import type { Server } from './server.ts';
import type { Actor, World } from './world.ts';

/** What a client needs. */
export type PartnerNeeds = {
  readonly world: World;
  readonly dmz: Server;
  readonly ledger: Ledger;
  readonly lane: string;
};

/** A file to be sent: directly, or under a temporary name and then renamed. */
type Errand = {
  readonly name: string;
  readonly directory: string;
  readonly temporary: boolean;
  readonly size: number;
  /** What was sent at the last try: the next one sends the same again. */
  last: Sent | undefined;
};

/** A session over a connection that can break. */
type Connection = {
  readonly session: Session;
  /** Asks and waits; throws where the connection breaks, or where it is refused with another reason than those. */
  ask<A>(what: string, answer: Answer<A>, ...expected: readonly RefusalReason[]): Promise<A | RefusalReason>;
};

const attempt: LoginAttempt = {
  protocol: 'sftp',
  address: '192.0.2.7',
  login: 'acme',
  proof: { kind: 'password', password: 'open sesame' },
};

/** Runs the client to its end. */
export const runPartner = async (needs: PartnerNeeds): Promise<void> => {
  const { world, lane } = needs;
  const { random } = world;
  const me: Actor = { name: `partner ${lane}`, alive: true };
  const files = random.pick([1, 1, 1, 2, 2, 3]);
  for (let file = 0; file < files; file += 1) {
    const errand: Errand = {
      name: random.pick(['a.xml', 'a.xml', 'b.xml', 'c.xml', 'd.txt']),
      directory: random.chance(0.6) ? '/' : `/${lane}`,
      temporary: random.chance(0.4),
      size: random.chance(0.6) ? 10 + random.int(40) : 70 + random.int(100),
      last: undefined,
    };
    for (;;) {
      await world.sleep(me, random.int(3_000));
      const done = await oneTry(needs, me, errand).catch((error: unknown) => {
        world.say(me.name, `broke off: ${error instanceof Error ? error.message : String(error)}`);
        return errand.last?.standing === 'accepted';
      });
      if (done) break;
      await world.sleep(me, 500 + random.int(20_000));
    }
  }
};

const oneTry = async (needs: PartnerNeeds, me: Actor, errand: Errand): Promise<boolean> => {
  const serving = needs.dmz.serving();
  const intake = serving?.node.intake;
  if (serving === undefined || intake === undefined) return false;
  const within = <A>(promise: Promise<A>): Promise<A> => Promise.race([promise, serving.life.died]);
  const admitted = await within(intake.login(attempt)());
  if (isLeft(admitted)) throw new Error(`not let in: ${admitted.left.text}`);
  const session = admitted.right;
  try {
    return await send(needs, connect(needs, me, session, serving.life), errand);
  } finally {
    if (serving.life.alive) await within(session.close()).catch(() => undefined);
  }
};

const connect = ({ world }: PartnerNeeds, me: Actor, session: Session, life: Life): Connection => ({
  session,
  ask: async (what, answer, ...expected) => {
    world.say(me.name, what);
    const asked = answer();
    if (world.faults.strikes(`${me.name} is cut off`, 0.02)) throw new Error('cut off');
    const answered = await Promise.race([asked, life.died]);
    if (session.ended.aborted) throw new Error('the server ended the session');
    if (!isLeft(answered)) return answered.right;
    if (expected.includes(answered.left.reason)) return answered.left.reason;
    throw new Error(`${what} was refused: ${answered.left.reason}, ${answered.left.text}`);
  },
});

/** One try to send a file; answers whether it got through. */
const send = async (needs: PartnerNeeds, connection: Connection, errand: Errand): Promise<boolean> => {
  const { random } = needs.world;
  const { session, ask } = connection;
  const { directory, name } = errand;
  if (directory !== '/') await ask(`mkdir ${directory}`, session.makeDirectory(directory), 'exists');
  const path = `${directory === '/' ? '' : directory}/${name}`;
  const first = errand.temporary ? `${path}.${needs.lane}.tmp` : path;
  const sent = errand.last ?? needs.ledger.write(errand.size);
  errand.last = sent;
  const upload = await ask(`put ${first}`, session.upload(first));
  if (typeof upload === 'string') return false;
  const bytes = Buffer.from(sent.content);
  const cuts = [0, random.int(bytes.length), bytes.length].sort((a, b) => a - b);
  const parts = cuts.slice(1).map((end, i) => [cuts[i] ?? 0, end] as const);
  for (const [from, to] of random.shuffled(parts))
    await ask(`write ${from} to ${to}`, upload.write(from, bytes.subarray(from, to)));
  if (random.chance(0.05)) {
    void upload.abandon();
    return false;
  }
  if (!errand.temporary) sent.standing = 'asked';
  await ask(`close ${sent.content.slice(0, 10)}`, upload.complete());
  if (!errand.temporary) sent.standing = 'accepted';
  await looks(needs, connection, first, sent);
  if (errand.temporary) await rename(connection, first, path, sent, random.chance(0.7));
  await plays(needs, connection, path, sent, errand);
  return true;
};

const rename = async ({ session, ask }: Connection, from: string, to: string, sent: Sent, replace: boolean) => {
  sent.standing = 'asked';
  const done = await ask(`rename ${from} to ${to}`, session.rename(from, to, { replace }), 'exists');
  if (done === 'exists') await ask(`rename ${from} over ${to}`, session.rename(from, to, { replace: true }));
  sent.standing = 'accepted';
};

/** Right after the OK the file is there with its size. */
const looks = async ({ world, ledger, lane }: PartnerNeeds, { session, ask }: Connection, path: string, sent: Sent) => {
  if (!world.random.chance(0.4) || !path.includes(lane)) return;
  const seen = await ask(`stat ${path}`, session.stat(path), 'notFound');
  if (typeof seen === 'string' || seen.size !== sent.content.length)
    ledger.complain(`${path} got its OK with ${sent.content.length} bytes, then stat said ${JSON.stringify(seen)}`);
};

/** What changes the view only: none of it may touch the delivery. */
const plays = async (
  { world, ledger, lane }: PartnerNeeds,
  { session, ask }: Connection,
  path: string,
  sent: Sent,
  errand: Errand,
) => {
  const own = errand.directory === `/${lane}`;
  switch (world.random.int(own ? 6 : 12)) {
    case 0: {
      await ask(`rm ${path}`, session.remove(path), 'notFound');
      if (!own) break;
      const seen = await ask(`stat ${path}`, session.stat(path), 'notFound');
      if (seen !== 'notFound') ledger.complain(`${path} was removed, but it is still there: ${JSON.stringify(seen)}`);
      break;
    }
    case 1:
      await ask(`rename ${path} away`, session.rename(path, `${path}.old`, { replace: true }), 'notFound');
      break;
    case 2:
      await ask(`touch ${path}`, session.setModified(path, 1_000), 'notFound');
      break;
    case 3: {
      if (!own) break;
      const file = await ask(`get ${path}`, session.download(path), 'notFound');
      const bytes = typeof file === 'string' ? file : await ask(`read ${path}`, file.read(0, 1_000));
      if (typeof bytes === 'string' || Buffer.from(bytes).toString() !== sent.content)
        ledger.complain(`${path} does not read as it was sent: ${String(bytes)}`);
      break;
    }
    default:
  }
};
