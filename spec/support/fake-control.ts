/** A server to be asked, made of rows in memory; records the orders that it was given. */
import { left, right } from 'fp-ts/lib/Either.js';
import type { ChannelDiff, ChannelList } from '../../domain/channel-control.ts';
import type { Control, EventLine, Probe, Status, TransferRow, TransferStory } from '../../domain/control.ts';
import { refusal } from '../../domain/failure.ts';

/** A row with the given id; the rest is what most tests do not care about. */
export const transferRow = (id: string, more: Partial<TransferRow> = {}): TransferRow => ({
  id: id.padEnd(26, '0'),
  scenario: 'partnerSends',
  state: 'acknowledged',
  ended: true,
  channel: 'demo',
  name: 'a.txt',
  size: 12,
  sha256: 'a'.repeat(64),
  parent: null,
  reason: null,
  createdAt: Date.UTC(2026, 0, 2, 3, 4, 5),
  updatedAt: Date.UTC(2026, 0, 2, 3, 4, 6),
  ...more,
});

/** A line of the event stream. */
export const line = (name: string, more: Partial<EventLine> = {}): EventLine => ({
  transfer: '0'.repeat(26),
  name,
  channel: 'demo',
  type: 'received',
  label: 'received',
  state: 'received',
  origin: 'dmz',
  at: Date.UTC(2026, 0, 2, 3, 4, 5),
  detail: '12 B',
  ...more,
});

const status: Status = {
  role: 'inner',
  node: 'inner',
  state: 'serving',
  links: [{ node: 'dmz', up: true }],
  listeners: [],
  open: 1,
  held: 0,
  channels: 1,
  residentBytes: 50 * 1024 * 1024,
};

const version = { node: 'inner', epoch: 'e1', counter: 3, digest: 'd' };
const channels: ChannelList = {
  ...{ role: 'inner', node: 'inner', version },
  channels: [{ name: 'demo', login: 'demo', proofs: 'password, 1 key', partner: 'sftp', visible: true }],
};
const diff: ChannelDiff = {
  ...{ peer: 'inner', up: true, has: version, wants: { ...version, epoch: 'e2', counter: 1 } },
  ...{ added: ['new'], changed: ['demo'], removed: ['old'], text: 'a new epoch waits' },
};

/** The fake, what it was asked, and a way to record an event. */
export const fakeControl = (
  rows: readonly TransferRow[] = [],
  events: TransferStory['events'] = [],
  probe: Probe = { protocol: 'sftp', configured: [], approved: [], places: [] },
) => {
  const asked: unknown[] = [];
  const waiting = new Set<(each: EventLine) => void>();
  const control: Control = {
    status: () => () => Promise.resolve(right(status)),
    list: (filter) => () => {
      asked.push(filter);
      const open = rows.filter((row) => filter.open === undefined || row.ended !== filter.open);
      return Promise.resolve(right(open.slice(0, filter.limit)));
    },
    again: (id, login) => () => {
      asked.push({ again: id, login });
      return Promise.resolve(right('01jh8t5zq4v6w8x9yabcdefghj'));
    },
    show: (id) => () => {
      const row = rows.find((each) => each.id.startsWith(id));
      return Promise.resolve(
        row === undefined ? left(refusal('notFound', `there is no transfer ${id}`)) : right({ row, events }),
      );
    },
    receipt: (id) => () => Promise.resolve(left(refusal('notFound', `there is no transfer ${id}`))),
    order: (id, what, reason, login) => () => {
      asked.push({ id, what, reason, login });
      return Promise.resolve(right(`${what} was recorded`));
    },
    channels: () => () => Promise.resolve(right(channels)),
    channelDiff: () => () => Promise.resolve(right([diff])),
    acceptEpoch: (epoch, counter, login) => () => {
      asked.push({ epoch, counter, login });
      return Promise.resolve(right(`epoch ${epoch} is accepted`));
    },
    reloadChannels: (login) => () => {
      asked.push({ login });
      return Promise.resolve(right('1 channels changed'));
    },
    send: (request, bytes) => async () => {
      if (request.channel !== 'acme') return left(refusal('notFound', `there is no channel "${request.channel}"`));
      const chunks: Uint8Array[] = [];
      for await (const chunk of bytes) chunks.push(chunk);
      asked.push({ ...request, bytes: Buffer.concat(chunks).toString() });
      return right('s'.repeat(26));
    },
    probe: (request) => () => {
      asked.push(request);
      return Promise.resolve(
        request.channel === 'acme' ? right(probe) : left(refusal('notFound', `there is no channel ${request.channel}`)),
      );
    },
    trust: (request) => () => {
      asked.push(request);
      return Promise.resolve(right('it was recorded'));
    },
    events: async function* (signal) {
      while (!signal.aborted) {
        const next = await new Promise<EventLine | undefined>((resolve) => {
          const give = (each: EventLine | undefined): void => {
            waiting.delete(give);
            resolve(each);
          };
          waiting.add(give);
          signal.addEventListener('abort', () => give(undefined), { once: true });
        });
        if (next !== undefined) yield next;
      }
    },
  };
  return {
    control,
    asked,
    listeners: () => waiting.size,
    record: (each: EventLine) => {
      for (const give of [...waiting]) give(each);
    },
  };
};
