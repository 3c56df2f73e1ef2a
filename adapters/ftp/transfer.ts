/** What all transfers have in common: one data connection, announced, carried, and ended with one reply. */
import type { Socket } from 'node:net';
import { codeOf } from '../shared/failing.ts';
import type { DataChannel } from './data.ts';
import type { Dialogue, RunningTransfer } from './dialogue.ts';
import { common, type Reply, reply } from './replies.ts';

/** Says 150, waits for the data connection and lets `carry` use it. 150 comes first: a client may begin TLS only after it (RFC 4217, section 7). */
export const transfer = async (
  dialogue: Dialogue,
  channel: DataChannel,
  opening: string,
  carry: (socket: Socket, running: RunningTransfer) => Promise<Reply>,
): Promise<Reply> => {
  const ending = new AbortController();
  const { signal } = ending;
  const running: RunningTransfer = { signal, abort: () => ending.abort(), bytes: 0 };
  signal.addEventListener('abort', channel.close, { once: true });
  dialogue.transfer = running;
  try {
    await dialogue.say(reply(150, opening));
    const socket = await channel.connected();
    if (signal.aborted || dialogue.isGone()) return common.aborted;
    return socket === undefined ? common.noData : await carry(socket, running);
  } catch (error) {
    if (signal.aborted) return common.aborted;
    if (isBroken(error)) return common.lost;
    throw error;
  } finally {
    channel.close();
    dialogue.transfer = undefined;
  }
};

const isBroken = (error: unknown): boolean =>
  codeOf(error) !== undefined ||
  (error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE');
