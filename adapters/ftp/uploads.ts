/** STOR, APPE and STOU: a file becomes an upload of the intake. */
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { isLeft } from 'fp-ts/lib/Either.js';
import type { Upload } from '../../domain/intake.ts';
import { baseName } from '../../domain/path.ts';
import { reply } from '../shared/replies.ts';
import { answered, at, type Dialogue, type RunningTransfer, takeData, type Verb } from './dialogue.ts';
import { common, type Reply, refused } from './replies.ts';
import { transfer } from './transfer.ts';

const farthest = Number.MAX_SAFE_INTEGER / 2;
/** How long a sender that was refused may go on, in milliseconds. */
const linger = 2000;

/**
 * A sender that is killed ends both of its connections as politely as one that is done, one of them a moment after the
 * other: a median of 0.03 ms, and up to 17 ms on a busy machine. Nothing but time tells the two apart.
 */
const settled = ({ context, settings }: Dialogue, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const cancel = context.clock.after(signal.aborted ? 0 : settings.settleTime, resolve);
    signal.addEventListener('abort', () => {
      cancel();
      resolve();
    });
  });

/**
 * Is the client gone, or does it want no more of this? Two turns of the event loop let in what the system knows of the
 * control connection by now: in the first one it may tell what it knew before.
 */
const isGone = async (dialogue: Dialogue, signal: AbortSignal): Promise<boolean> => {
  await setImmediate();
  await setImmediate();
  return signal.aborted || dialogue.isGone();
};

/** Programs that are reset while they send tell their user that, and not why: what a refused one still sends is let go for a moment, so that it comes to read the reply. */
const letGo = ({ context }: Dialogue, socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    const cancel = context.clock.after(socket.destroyed ? 0 : linger, resolve);
    socket.once('close', () => {
      cancel();
      resolve();
    });
    socket.resume();
  });

/** Takes the bytes to the end of the data connection; answers where they end, or the reply of a refusal. */
const write = async (
  dialogue: Dialogue,
  upload: Upload,
  from: number,
  socket: Socket,
  running: RunningTransfer,
): Promise<number | Reply> => {
  let offset = from;
  const chunks = socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  for await (const chunk of chunks) {
    if (offset > farthest) return reply(552, 'No file is that large.');
    const written = await dialogue.ask(upload.write(offset, chunk));
    if (isLeft(written)) return refused(written.left);
    offset += chunk.length;
    running.bytes += chunk.length;
  }
  return offset;
};

/** Takes the file; 226 only when they are durable, and while the client is still there. */
const take = async (
  dialogue: Dialogue,
  upload: Upload,
  from: number,
  socket: Socket,
  running: RunningTransfer,
  announced: number | undefined,
): Promise<Reply> => {
  const there = upload.size;
  const offset = await write(dialogue, upload, from, socket, running);
  if (typeof offset !== 'number') {
    await letGo(dialogue, socket);
    return offset;
  }
  if (dialogue.tls?.wasCut(socket) === true) return common.cut;
  if (from > 0 || offset !== announced) await settled(dialogue, running.signal);
  const unless = () => isGone(dialogue, running.signal);
  if (await unless()) return common.aborted;
  if (offset < there)
    return reply(550, `The file ended at byte ${offset}, and ${there} were here; send it from the start.`);
  // On a busy machine the news may take longer than we wait, so it is looked for once more at the last moment.
  const completed = await dialogue.ask(upload.complete({ unless }));
  if (!isLeft(completed)) return reply(226, `Done: ${running.bytes} bytes received.`);
  return running.signal.aborted ? common.aborted : refused(completed.left);
};

type Start = { readonly resume: boolean; readonly from: (upload: Upload) => number };

const receive = (dialogue: Dialogue, path: string, start: Start, opening: string): Promise<Reply> => {
  const channel = takeData(dialogue);
  const { announced } = dialogue;
  dialogue.announced = undefined;
  if (channel === undefined) return Promise.resolve(common.noData);
  return answered(dialogue, dialogue.session().upload(path, { resume: start.resume }), async (upload) => {
    try {
      const from = start.from(upload);
      if (from > upload.size)
        return reply(554, `Cannot go on at byte ${from}: ${upload.size} bytes of the file are here.`);
      return await transfer(dialogue, channel, opening, (socket, running) =>
        take(dialogue, upload, from, socket, running, announced),
      );
    } finally {
      // Does nothing where it was completed; otherwise what there is stays for a resume.
      await upload.abandon();
    }
  }).finally(channel.close);
};

const takeRestart = (dialogue: Dialogue): number => {
  const { restart } = dialogue;
  dialogue.restart = 0;
  return restart;
};

const store: Verb['run'] = (dialogue, argument) => {
  const from = takeRestart(dialogue);
  return at(dialogue, argument, (path) =>
    receive(dialogue, path, { resume: from > 0, from: () => from }, 'Ready for the file.'),
  );
};

const append: Verb['run'] = (dialogue, argument) => {
  takeRestart(dialogue);
  return at(dialogue, argument, (path) =>
    receive(dialogue, path, { resume: true, from: (upload) => upload.size }, 'Ready for the rest of the file.'),
  );
};

/** The name is told as RFC 1123, section 4.1.2.9, wants it. */
const storeUnique: Verb['run'] = (dialogue, argument) => {
  takeRestart(dialogue);
  const name = `${argument === '' ? 'upload' : argument}.${randomBytes(8).toString('hex')}`;
  return at(dialogue, name, (path) =>
    receive(dialogue, path, { resume: false, from: () => 0 }, `FILE: ${baseName(path)}`),
  );
};

export const uploadVerbs: Readonly<Record<string, Verb>> = {
  STOR: {
    syntax: '{{cmd}} <path>',
    description: 'Receive a file; after REST, go on with an incomplete one',
    run: store,
  },
  APPE: { syntax: '{{cmd}} <path>', description: 'Go on with an incomplete file, or receive a new one', run: append },
  STOU: { syntax: '{{cmd}} [<path>]', description: 'Receive a file under a new name', run: storeUnique },
};
