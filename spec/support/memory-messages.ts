/** The message service without a network: two ends in one process, no timers, every value copied as on a wire. */
import type { Either } from 'fp-ts/lib/Either.js';
import { limits } from '../../adapters/messages/limits.ts';
import { attempt } from '../../adapters/shared/attempt.ts';
import { type Failure, permanent, type Refusal, temporary } from '../../domain/failure.ts';
import { type LinkState, type Messages, mayAsk, type Peer, type PeerHandlers } from '../../domain/message.ts';
import type { Role } from '../../domain/role.ts';
import { certificateOf } from './memory-signatures.ts';

/** The two ends, and the link between them, which is up once both have started, unless it is cut. */
export type MemoryPair = {
  readonly inner: Messages;
  readonly dmz: Messages;
  readonly cut: () => void;
  readonly mend: () => void;
};

type End = {
  readonly self: Peer;
  readonly listeners: Set<(state: LinkState) => void>;
  handlers: PeerHandlers | undefined;
  closed: boolean;
};

const failing = (failure: Failure): Error => new Error(failure.text, { cause: failure });
const explain = (error: unknown): Failure =>
  error instanceof Error && error.cause !== undefined
    ? (error.cause as Failure)
    : temporary('peerFailed', 'The peer could not do what it was asked.');
const broken = (): Error => failing(temporary('linkBroken', 'The link broke.'));

const passing = ['busy', 'unavailable', 'noSpace'];
const granted = <A>(outcome: Either<Refusal, A>): A => {
  if (outcome._tag === 'Right') return outcome.right;
  const { reason, text } = outcome.left;
  throw failing((passing.includes(reason) ? temporary : permanent)(reason, text));
};

const sizeOf = (value: unknown): number => {
  let bytes = 0;
  const text = JSON.stringify(value, (_key, each: unknown) => {
    if (!(each instanceof Uint8Array)) return each;
    bytes += each.length;
    return null;
  });
  return bytes + text.length;
};

/** Makes a pair of ends, named as given. */
export const memoryMessages = (
  options: { readonly inner?: string; readonly dmz?: string; readonly maxMessageSize?: number } = {},
): MemoryPair => {
  const most = options.maxMessageSize ?? 16 * 1024 * 1024;
  const end = (role: Role, node: string): End => ({
    self: { role, node },
    listeners: new Set(),
    handlers: undefined,
    closed: false,
  });
  const inner = end('inner', options.inner ?? 'inner1');
  const dmz = end('dmz', options.dmz ?? 'dmz1');
  const pending = new Set<() => void>();
  let whole = true;
  let up = false;
  let losses = 0;

  const look = (): void => {
    const now = whole && [inner, dmz].every((each) => each.handlers !== undefined && !each.closed);
    if (now === up) return;
    up = now;
    if (!up) {
      losses++;
      for (const lose of [...pending]) lose();
    }
    for (const [mine, other] of [[inner, dmz] as const, [dmz, inner] as const])
      for (const listener of [...mine.listeners]) listener({ ...other.self, up });
  };

  /** What is on its way when the link goes down is lost, and its asker knows at once. */
  const overLink = <A>(run: () => Promise<A>): Promise<A> =>
    new Promise((resolve, reject) => {
      const lose = (): void => reject(broken());
      pending.add(lose);
      run()
        .then(resolve, reject)
        .finally(() => pending.delete(lose));
    });

  const ask = <A>(
    to: string,
    mine: End,
    what: keyof PeerHandlers,
    message: unknown,
    run: (its: PeerHandlers) => Promise<A>,
  ) =>
    attempt(async () => {
      const other = mine === inner ? dmz : inner;
      if (to !== other.self.node) throw failing(permanent('unknownPeer', `${to} is not a peer.`));
      const its = other.handlers;
      if (!up || its === undefined) throw failing(temporary('noLink', `There is no link to ${to} at the moment.`));
      if (sizeOf(message) > most) throw failing(permanent('tooLarge', `A message has at most ${most} bytes.`));
      if (!mayAsk[mine.self.role].includes(what))
        throw failing(permanent('notPermitted', `A ${mine.self.role} server may not ask for ${what}.`));
      return overLink(() => run(its));
    }, explain);

  async function* carried(bytes: AsyncIterable<Uint8Array>, expected?: number): AsyncGenerator<Uint8Array> {
    const chunks = bytes[Symbol.asyncIterator]();
    const began = losses;
    let ended = false;
    let got = 0;
    try {
      for (;;) {
        if (losses !== began) throw broken();
        const next = await overLink(() => chunks.next());
        ended = next.done === true;
        got += next.done === true ? 0 : next.value.length;
        if (expected !== undefined && (next.done === true ? got !== expected : got > expected)) throw broken();
        if (next.done === true) return;
        yield structuredClone(next.value);
      }
    } finally {
      // not waited for: the source may be waiting for something that never comes
      if (!ended) void chunks.return?.().catch(() => undefined);
    }
  }

  async function* until(
    bytes: AsyncGenerator<Uint8Array>,
    ended: Promise<never>,
    done: () => void,
  ): AsyncGenerator<Uint8Array> {
    ended.catch(() => undefined);
    try {
      for (;;) {
        const next = await Promise.race([bytes.next(), ended]);
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      void bytes.return(undefined).catch(() => undefined);
      done();
    }
  }

  const messages = (mine: End): Messages => ({
    start: (handlers) =>
      attempt(() => {
        mine.handlers = handlers;
        look();
        return Promise.resolve();
      }, explain),
    links: () => [{ ...(mine === inner ? dmz : inner).self, up }],
    certificateOf: (node) => certificateOf(node),
    onLink: (listener) => {
      mine.listeners.add(listener);
      return () => mine.listeners.delete(listener);
    },
    events: (to, parcels) =>
      ask(to, mine, 'events', parcels, async (its) =>
        structuredClone(await its.events(mine.self, structuredClone(parcels))),
      ),
    payload: (from, key, start) =>
      ask(from, mine, 'payload', key, async (its) => {
        const { size, bytes } = granted(await its.payload(mine.self, key, start));
        return { size, bytes: carried(bytes) };
      }),
    ticket: (from, key) => ask(from, mine, 'ticket', key, async (its) => granted(await its.ticket(mine.self, key))),
    channels: (to, update) =>
      ask(to, mine, 'channels', update ?? {}, async (its) =>
        structuredClone(granted(await its.channels(mine.self, structuredClone(update)))),
      ),
    command: (to, command) =>
      ask(to, mine, 'command', command, async (its) => granted(await its.command(mine.self, structuredClone(command)))),
    stage: (to, payload, bytes) =>
      ask(to, mine, 'stage', payload, async (its) => {
        const chunks = bytes[Symbol.asyncIterator]();
        const once = carried({ [Symbol.asyncIterator]: () => chunks }, payload.size);
        try {
          granted(await its.stage(mine.self, structuredClone(payload), once));
        } finally {
          void chunks.return?.().catch(() => undefined);
        }
      }),
    segments: (to, segments) =>
      ask(to, mine, 'segments', segments, async (its) =>
        structuredClone(granted(await its.segments(mine.self, structuredClone(segments)))),
      ),
    partner: (from, channel) =>
      ask(from, mine, 'partner', channel, async (its) =>
        structuredClone(granted(await its.partner(mine.self, channel))),
      ),
    list: (at, request) =>
      ask(at, mine, 'list', request, async (its) => {
        const files = structuredClone(granted(await its.list(mine.self, structuredClone(request))));
        if (sizeOf(files) > limits.listing) throw failing(permanent('tooLarge', 'The list is too large.'));
        return files;
      }),
    routes: (to, routes) =>
      ask(to, mine, 'routes', routes, async (its) => granted(await its.routes(mine.self, structuredClone(routes)))),
    through: (to, request, body, gone) => {
      const over = new AbortController();
      gone.addEventListener('abort', () => over.abort(), { once: true });
      return ask(to, mine, 'through', request, async (its) => {
        const passed = its.through(mine.self, structuredClone(request), carried(body), over.signal);
        const ended = new Promise<never>((_, reject) => {
          over.signal.addEventListener('abort', () => reject(broken()), { once: true });
        });
        const { head, body: answer } = granted(await Promise.race([passed, ended]));
        return { head: structuredClone(head), body: until(carried(answer), ended, () => over.abort()) };
      });
    },
    close: () => {
      mine.closed = true;
      look();
      return Promise.resolve();
    },
  });

  const set = (value: boolean) => (): void => {
    whole = value;
    look();
  };
  return { inner: messages(inner), dmz: messages(dmz), cut: set(false), mend: set(true) };
};
