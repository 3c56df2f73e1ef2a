/** The link between the two servers: cut and mended, with requests and answers that get lost, come late, twice or in another order. */
import { type Either, left, right } from 'fp-ts/lib/Either.js';
import { type Failure, permanent, temporary } from '../../domain/failure.ts';
import type { LinkState, Messages, Parcel, ParcelAnswer, Peer, PeerHandlers } from '../../domain/message.ts';
import { otherRole, type Role } from '../../domain/role.ts';
import { certificateOf } from '../support/memory-signatures.ts';
import { call, type Life } from './life.ts';
import { granted } from './outcomes.ts';
import type { Actor, World } from './world.ts';

/** The link. */
export type Link = {
  messages(life: Life, self: Peer): Messages;
  /** The life of that role is over. */
  gone(role: Role): void;
  set(whole: boolean): void;
  readonly whole: () => boolean;
};

type End = { readonly life: Life; readonly self: Peer; readonly handlers: PeerHandlers };
type Listener = (state: LinkState) => void;

const broken: Failure = temporary('linkBroken', 'the link broke');

/** A whole link between two servers that have not started. */
export const openLink = (world: World, nodes: Readonly<Record<Role, string>>): Link => {
  const { faults, random } = world;
  const wire: Actor = { name: 'link', alive: true };
  const ends = new Map<Role, End>();
  const listeners = new Map<Listener, Role>();
  const inFlight = new Set<() => void>();
  let whole = true;
  let up = false;

  const stateFor = (role: Role): LinkState => ({ role: otherRole(role), node: nodes[otherRole(role)], up });
  const look = (): void => {
    const now = whole && ends.size === 2;
    if (now === up) return;
    up = now;
    world.say('link', up ? 'up' : 'down');
    if (!up) for (const lose of [...inFlight]) lose();
    for (const [listener, role] of [...listeners]) listener(stateFor(role));
  };

  const ask = <A>(
    life: Life,
    self: Peer,
    what: string,
    run: (its: PeerHandlers, theirs: Life) => Promise<Either<Failure, A>>,
    options: { readonly onlyOnce: boolean } = { onlyOnce: false },
  ): Promise<Either<Failure, A>> =>
    new Promise((resolve) => {
      const lose = (): void => end(left(broken));
      const end = (answer: Either<Failure, A>): void => {
        inFlight.delete(lose);
        if (life.alive) resolve(answer);
      };
      const name = `${what} from ${self.node}`;
      const deliver = (): void => {
        const receiver = ends.get(otherRole(self.role));
        if (receiver === undefined) return;
        const handled = run(receiver.handlers, receiver.life).catch(() =>
          left(temporary('peerFailed', 'the peer could not')),
        );
        void handled.then((answer) => {
          if (!receiver.life.alive) return;
          world.task(wire, `answer to ${name}`, () => {
            if (faults.strikes('the answer is lost', 0.05)) lose();
            else end(answer);
          });
        });
      };
      const receiverOwns = (): Life | undefined => ends.get(otherRole(self.role))?.life;
      inFlight.add(lose);
      world.task(wire, name, () => {
        const receiver = receiverOwns();
        if (!up || receiver === undefined) {
          end(left(temporary('noLink', 'there is no link')));
          return;
        }
        if (faults.strikes('the request is lost', 0.03)) {
          lose();
          return;
        }
        if (options.onlyOnce) {
          deliver();
          return;
        }
        if (faults.strikes('the request comes late, its asker has given up', 0.03)) {
          lose();
          world.task(receiver, `late ${name}`, deliver);
          return;
        }
        if (faults.strikes('the request comes twice', 0.03)) world.task(receiver, `second ${name}`, deliver);
        deliver();
      });
    });

  const takeParcels = async (its: PeerHandlers, self: Peer, parcels: readonly Parcel[]) => {
    if (parcels.length < 2 || !faults.strikes('the events come in another order', 0.05))
      return right(await its.events(self, parcels));
    const order = random.shuffled(parcels.map((_, i) => i));
    const shuffled = order.map((i) => parcels[i]).filter((each) => each !== undefined);
    const answers = await its.events(self, shuffled);
    return right(parcels.map((_, i) => answers[order.indexOf(i)]).filter((each): each is ParcelAnswer => !!each));
  };

  async function* carried(life: Life, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of bytes) {
      for (let at = 0; at < chunk.length; ) {
        const size = 10 + random.int(60);
        await call(life, 'bytes over the link', () => Promise.resolve());
        if (!up || faults.strikes('the link breaks within a payload', 0.05)) throw new Error('the link broke');
        yield chunk.slice(at, at + size);
        at += size;
      }
    }
  }

  const messages = (life: Life, self: Peer): Messages => ({
    start: (handlers) => () =>
      call(life, 'start the message service', () => {
        ends.set(self.role, { life, self, handlers });
        look();
        return Promise.resolve(right(undefined));
      }),
    links: () => [stateFor(self.role)],
    certificateOf: (node) => certificateOf(node),
    onLink: (listener) => {
      listeners.set(listener, self.role);
      return () => listeners.delete(listener);
    },
    events: (to, parcels) => () => {
      const what = world.traced ? parcels.map((each) => `${each.event.type} of ${each.transfer}`).join(', ') : '';
      if (to !== nodes[otherRole(self.role)]) return Promise.resolve(left(permanent('unknownPeer', to)));
      return ask(life, self, what, (its) => takeParcels(its, self, parcels));
    },
    payload: (_from, key, start) => async () => {
      const answer = await ask(life, self, `payload ${key} from ${start}`, async (its) =>
        granted(await its.payload(self, key, start)),
      );
      if (answer._tag === 'Left') return answer;
      return right({ size: answer.right.size, bytes: carried(life, answer.right.bytes) });
    },
    ticket: (_from, key) => () => ask(life, self, 'ticket', async (its) => granted(await its.ticket(self, key))),
    channels: (_to, update) => () =>
      ask(life, self, 'channels', async (its) => granted(await its.channels(self, update))),
    command: (_to, command) => () =>
      ask(life, self, command.order, async (its) => granted(await its.command(self, command))),
    // its bytes can be read once, and end with the asker's patience
    stage: (_to, payload, bytes) => () =>
      ask(
        life,
        self,
        `stage ${payload.key}`,
        async (its, theirs) => granted(await its.stage(self, payload, carried(theirs, bytes))),
        { onlyOnce: true },
      ),
    segments: (_to, segments) => () =>
      ask(life, self, 'segments', async (its) => granted(await its.segments(self, segments))),
    partner: (_from, channel) => () =>
      ask(life, self, 'partner', async (its) => granted(await its.partner(self, channel))),
    list: (_at, request) => () => ask(life, self, 'list', async (its) => granted(await its.list(self, request))),
    routes: (_to, routes) => () => ask(life, self, 'routes', async (its) => granted(await its.routes(self, routes))),
    through: () => () => Promise.resolve(left(temporary('noLink', 'nothing is passed through here'))),
    close: () => Promise.resolve(),
  });

  return {
    messages,
    whole: () => whole,
    set: (value) => {
      whole = value;
      look();
    },
    gone: (role) => {
      ends.delete(role);
      for (const [listener, its] of [...listeners]) if (its === role) listeners.delete(listener);
      look();
    },
  };
};
