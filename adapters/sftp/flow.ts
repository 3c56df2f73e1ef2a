/**
 * Back-pressure on one channel. ssh2's SFTP takes and sends without bound (1.17): it opens the client's window again
 * whatever waits, and buffers what the client does not read. This reaches for its internals to stop both;
 * guarded by spec/adapters/sftp/flow.spec.ts.
 */
import type { Socket } from 'node:net';
import type { SFTPWrapper } from 'ssh2';

/** Both directions of a channel. */
export type Flow = {
  /** Does the client take what we have sent? Where it does not, no request must be worked on that makes more. */
  readonly canSend: () => boolean;
  /** Opens the client's window again, if it was left closed. */
  readonly takeMore: () => void;
};

/** `hasRoom`: may the client send more; `onSendable`: look again at `canSend`; `onOverrun`: it sent beyond its window. */
export type FlowHooks = {
  readonly hasRoom: () => boolean;
  readonly onSendable: () => void;
  readonly onOverrun: () => void;
};

const fullWindow = 2 * 1024 * 1024;
const mostUnsent = 1024 * 1024;

type Internals = {
  readonly incoming: { window: number };
  readonly outgoing: { readonly id: number; readonly state: string };
  readonly _buffer: readonly Buffer[];
  readonly _protocol: {
    readonly _kexinit: unknown;
    channelWindowAdjust(channel: number, amount: number): void;
  };
  _waitChanDrain?: boolean;
  _chunkcb: (() => void) | undefined;
  push: (data: Buffer | null) => unknown;
};

/** Takes control of a channel's flow. Call it before anything was received. */
export const controlFlow = (sftp: SFTPWrapper, socket: Socket, hooks: FlowHooks): Flow => {
  const internals = sftp as unknown as Internals;

  const push = internals.push.bind(sftp);
  internals.push = (data) => {
    if (data !== null && internals.incoming.window < 0) {
      hooks.onOverrun();
      return true;
    }
    push(data);
    return data === null || hooks.hasRoom();
  };

  // ssh2 calls `_chunkcb` when the client opens its window and something waits for that.
  let drain = internals._chunkcb;
  Object.defineProperty(sftp, '_chunkcb', {
    get: () =>
      drain === undefined
        ? undefined
        : () => {
            drain?.call(sftp);
            hooks.onSendable();
          },
    set: (next: (() => void) | undefined) => {
      drain = next;
    },
  });
  socket.on('drain', hooks.onSendable);
  sftp.once('close', () => socket.off('drain', hooks.onSendable));

  return {
    canSend: () =>
      internals._buffer.length === 0 &&
      // While keys are exchanged ssh2 holds everything back in memory.
      internals._protocol._kexinit === undefined &&
      socket.writableLength < mostUnsent,
    takeMore: () => {
      if (internals._waitChanDrain !== true) return;
      internals._waitChanDrain = false;
      const amount = fullWindow - internals.incoming.window;
      if (amount <= 0 || internals.outgoing.state !== 'open') return;
      internals.incoming.window += amount;
      internals._protocol.channelWindowAdjust(internals.outgoing.id, amount);
    },
  };
};
