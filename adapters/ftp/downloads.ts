/** RETR: a file goes to the client. */
import type { Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { isLeft } from 'fp-ts/lib/Either.js';
import type { Refusal } from '../../domain/failure.ts';
import type { Download } from '../../domain/intake.ts';
import { reply } from '../shared/replies.ts';
import { answered, at, type Dialogue, type RunningTransfer, takeData, type Verb } from './dialogue.ts';
import { common, type Reply, refused } from './replies.ts';
import { transfer } from './transfer.ts';

const pieceSize = 256 * 1024;

const give = async (
  dialogue: Dialogue,
  download: Download,
  from: number,
  socket: Socket,
  running: RunningTransfer,
): Promise<Reply> => {
  let refusal: Refusal | undefined;
  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    for (let offset = from; offset < download.size; ) {
      const piece = await dialogue.ask(download.read(offset, pieceSize));
      if (isLeft(piece)) {
        refusal = piece.left;
        return;
      }
      if (piece.right.length === 0) return;
      offset += piece.right.length;
      yield piece.right;
      running.bytes += piece.right.length;
      dialogue.onActivity();
    }
  };
  await pipeline(pieces, socket);
  if (refusal !== undefined) return refused(refusal);
  return from + running.bytes === download.size ? reply(226, `Done: ${running.bytes} bytes sent.`) : common.defect;
};

const retrieve: Verb['run'] = (dialogue, argument) => {
  const from = dialogue.restart;
  dialogue.restart = 0;
  const channel = takeData(dialogue);
  if (channel === undefined) return common.noData;
  return at(dialogue, argument, (path) =>
    answered(dialogue, dialogue.session().download(path), async (download) => {
      let taken = false;
      try {
        if (from > download.size)
          return reply(554, `Cannot go on at byte ${from}: the file has ${download.size} bytes.`);
        const said = await transfer(dialogue, channel, `${download.size} bytes in all.`, (socket, running) =>
          give(dialogue, download, from, socket, running),
        );
        taken = said.code === 226 && !dialogue.isGone();
        return said;
      } finally {
        await download.close({ taken });
      }
    }),
  ).finally(channel.close);
};

export const downloadVerbs: Readonly<Record<string, Verb>> = {
  RETR: { syntax: '{{cmd}} <path>', description: 'Send a file; after REST, from that byte on', run: retrieve },
};
