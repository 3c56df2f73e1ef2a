/** What all transfers have in common: one data connection, announced, carried, and ended with one reply. */
import type { Socket } from 'node:net';
import { codeOf } from '../shared/failing.ts';
import { reply } from '../shared/replies.ts';
import type { DataChannel } from './data.ts';
import type { Dialogue, RunningTransfer } from './dialogue.ts';
import { common, type Reply } from './replies.ts';

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
    const plain = await channel.connected();
    const socket = plain === undefined || dialogue.tls === undefined ? plain : await dialogue.tls.data(plain);
    if (signal.aborted || dialogue.isGone()) return common.aborted;
    if (socket === undefined) return common.noData;
    return 'code' in socket ? socket : await carry(socket, running);
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
  (error instanceof Error && 'code' in error && /^(ERR_(STREAM|SSL|TLS)_|ABORT_ERR$)/.test(String(error.code)));
