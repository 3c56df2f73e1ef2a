/** The commands of one connection in their order, bounded; some may be answered while a transfer runs. */
import type { Command } from './lines.ts';
import type { Reply } from './replies.ts';

/** A command to be performed, or the reply to a line that is none. */
export type Item = Command | Reply;

/** A queue of commands. */
export type CommandQueue = {
  readonly add: (item: Item) => void;
  /** May more be added? During a transfer always: an ABOR, or the end of the connection, must be seen. */
  readonly hasRoom: () => boolean;
  /** Drops what has not been begun. */
  readonly clear: () => void;
  /** The same, and nothing more is taken; resolves when nothing runs any more. */
  readonly stop: () => Promise<void>;
};

/** `handle` must not reject; `onChange` is called when there may be room again; `onOverflow` says that the client sent more during a transfer than anybody would. */
export type QueueHooks = {
  readonly handle: (item: Item) => Promise<void>;
  readonly isTransferring: () => boolean;
  readonly onAbort: () => void;
  readonly onOverflow: () => void;
  readonly onChange: () => void;
};

const mostWaiting = 64;
const mostEver = 256;
const mostAtOnce = 8;

/** An empty queue. */
export const commandQueue = (hooks: QueueHooks): CommandQueue => {
  const waiting: Item[] = [];
  const atOnce = new Set<Promise<void>>();
  let stopped = false;
  let running = false;
  let working = Promise.resolve();

  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      hooks.onChange();
      await hooks.handle(next);
    }
    running = false;
    hooks.onChange();
  };

  return {
    add: (item) => {
      if (stopped) return;
      if (hooks.isTransferring() && waiting.length === 0 && isUrgent(item) && atOnce.size < mostAtOnce) {
        const task = hooks.handle(item).finally(() => atOnce.delete(task));
        atOnce.add(task);
        return;
      }
      if ('verb' in item && item.verb === 'ABOR') hooks.onAbort();
      waiting.push(item);
      if (waiting.length > mostEver) hooks.onOverflow();
      if (!running) {
        running = true;
        working = work();
      }
    },
    hasRoom: () => waiting.length < mostWaiting || hooks.isTransferring(),
    clear: () => {
      waiting.length = 0;
    },
    stop: async () => {
      stopped = true;
      waiting.length = 0;
      await Promise.all([working, ...atOnce]);
    },
  };
};

/** NOOP keeps a connection alive through a transfer, STAT asks how far it is (RFC 959, section 4.1.3). */
const isUrgent = (item: Item): boolean =>
  'verb' in item && (item.verb === 'NOOP' || (item.verb === 'STAT' && item.argument === ''));
