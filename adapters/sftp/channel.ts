/** One SFTP subsystem: packets in, work in order, replies out. */
import type { Socket } from 'node:net';
import type { Attributes, SFTPWrapper } from 'ssh2';
import type { Session } from '../../domain/intake.ts';
import type { Clock, Log } from '../../domain/ports.ts';
import { faultPoint } from '../shared/fault-point.ts';
import { directories } from './directories.ts';
import { announceExtensions, renamePaths } from './extensions.ts';
import { files } from './files.ts';
import { controlFlow } from './flow.ts';
import { handleId, handleTable } from './handles.ts';
import { defect, type Reply, status, unsupported } from './replies.ts';
import { type Requests, requests } from './requests.ts';

/** What a channel works with. `onActivity` is told of every sign that the partner is still there. */
export type ChannelContext = {
  readonly session: Session;
  readonly socket: Socket;
  readonly clock: Clock;
  readonly log: Log;
  readonly onActivity: () => void;
};

/** A running channel. */
export type Channel = {
  readonly busy: () => boolean;
  /** Did the client end it after every one of its requests was answered? */
  readonly orderly: () => boolean;
  /** Goes on after new keys were agreed: nothing is begun while that lasts. */
  readonly resume: () => void;
  /** Gives up everything open and answers nothing more; a file that is being made durable is still completed. */
  readonly stop: () => Promise<void>;
};

const mostWaiting = 32;

/** Serves SFTP version 3 on an accepted subsystem until the client ends it. */
export const serveChannel = (sftp: SFTPWrapper, context: ChannelContext): Channel => {
  const { session, socket, clock, log, onActivity } = context;
  const handles = handleTable();
  let over = false;
  let orderly = false;

  announceExtensions(sftp);
  const queue: Requests = requests(
    () => flow.canSend(),
    () => {
      onActivity();
      if (queue.waiting() < mostWaiting / 2) flow.takeMore();
    },
  );
  const flow = controlFlow(sftp, socket, {
    hasRoom: () => queue.waiting() < mostWaiting,
    onSendable: () => {
      onActivity();
      queue.pump();
    },
    onOverrun: () => {
      log.warn('sftp client sent more than its window allows; disconnected', { login: session.login });
      socket.destroy();
    },
  });

  const submit: Submit = (request, lane, work, promise = false) => {
    onActivity();
    queue.submit(lane, async () => {
      const reply = await attemptWork(work, log);
      if (over) return;
      if (promise) faultPoint('reply.before');
      send(sftp, request, reply);
      if (promise) faultPoint('reply.after');
    });
  };

  const giveUp = (): Promise<void> =>
    handles.abandon().catch((error: unknown) => {
      log.error('an sftp file could not be closed', { login: session.login, error: String(error) });
    });
  const stop = async (): Promise<void> => {
    over = true;
    queue.stop();
    // First, so that a write that waits for room ends; and again, for what was being opened meanwhile.
    await giveUp();
    await queue.idle();
    await giveUp();
  };

  listen(sftp, session, handles, () => clock.now(), submit);
  sftp.on('error', (error: Error) => {
    log.debug('sftp channel broken', { login: session.login, error: error.message });
    // Not every client answers our close with its own.
    void stop();
  });
  // Without our own end OpenSSH waits for ever when it quits; what it asked before is still answered.
  sftp.on('end', () => {
    // A connection that is cut ends its channels, too; only the client's own end (of it, or of all) is a goodbye.
    const goodbye = !socket.destroyed || socket.readableEnded;
    orderly = !over && goodbye && queue.running() === 0 && queue.waiting() === 0;
    void queue.idle().then(() => sftp.end());
  });
  return { busy: () => queue.running() > 0, orderly: () => orderly, resume: queue.pump, stop };
};

/** `promise`: an OK to it makes the file ours. */
type Submit = (
  request: number,
  lane: number | undefined,
  work: () => Reply | Promise<Reply>,
  promise?: boolean,
) => void;

const listen = (
  sftp: SFTPWrapper,
  session: Session,
  handles: ReturnType<typeof handleTable>,
  now: () => number,
  submit: Submit,
): void => {
  const file = files(session, handles, now);
  const names = directories(session, handles, now);
  const onHandle = (
    request: number,
    handle: Buffer,
    work: (id: number) => Reply | Promise<Reply>,
    promise?: boolean,
  ): void => {
    const id = handleId(handle);
    submit(request, id, () => work(id), promise);
  };
  const onName = (request: number, work: () => Reply | Promise<Reply>, promise?: boolean): void =>
    submit(request, undefined, work, promise);

  sftp.on('OPEN', (id, path, flags) => onName(id, () => file.open(path, flags)));
  sftp.on('READ', (id, handle, offset, length) => onHandle(id, handle, (at) => file.read(at, offset, length)));
  // ssh2 gives each packet a part of a buffer of its own, so the bytes may be kept without a copy.
  sftp.on('WRITE', (id, handle, offset, bytes) => onHandle(id, handle, (at) => file.write(at, offset, bytes)));
  sftp.on('CLOSE', (id, handle) => {
    const open = handles.get(handleId(handle));
    if (open?.kind === 'download') open.closing = true;
    onHandle(id, handle, file.close, true);
  });
  sftp.on('FSTAT', (id, handle) => onHandle(id, handle, file.stat));
  sftp.on('FSETSTAT', (id, handle, wanted: Partial<Attributes>) =>
    onHandle(id, handle, (at) => file.setStat(at, wanted)),
  );
  sftp.on('READDIR', (id, handle) => onHandle(id, handle, names.read));
  sftp.on('OPENDIR', (id, path) => onName(id, () => names.open(path)));
  sftp.on('REALPATH', (id, path) => onName(id, () => names.realPath(path)));
  sftp.on('STAT', (id, path) => onName(id, () => names.stat(path)));
  sftp.on('LSTAT', (id, path) => onName(id, () => names.stat(path)));
  sftp.on('SETSTAT', (id, path, wanted: Partial<Attributes>) => onName(id, () => names.setStat(path, wanted)));
  sftp.on('REMOVE', (id, path) => onName(id, () => names.remove(path)));
  sftp.on('MKDIR', (id, path) => onName(id, () => names.makeDirectory(path)));
  sftp.on('RMDIR', (id, path) => onName(id, () => names.removeDirectory(path)));
  sftp.on('RENAME', (id, from, to) => onName(id, () => names.rename(from, to, false), true));
  sftp.on('READLINK', (id) => onName(id, () => noLinks));
  sftp.on('SYMLINK', (id) => onName(id, () => noLinks));
  sftp.on('EXTENDED', (id, name, data) => {
    const promise = name === 'posix-rename@openssh.com';
    onName(id, () => extended(names, promise, data), promise);
  });
};

const extended = (names: ReturnType<typeof directories>, isRename: boolean, data: Buffer): Reply | Promise<Reply> => {
  if (!isRename) return unsupported('this extension is not supported');
  const paths = renamePaths(data);
  return paths === undefined
    ? { kind: 'status', code: status.badMessage, text: 'malformed posix-rename request' }
    : names.rename(paths[0], paths[1], true);
};

const noLinks = unsupported('there are no symbolic links here');

const attemptWork = async (work: () => Reply | Promise<Reply>, log: Log): Promise<Reply> => {
  try {
    return await work();
  } catch (error) {
    log.error('an sftp request met a defect', { error: error instanceof Error ? (error.stack ?? error.message) : '' });
    return defect;
  }
};

const send = (sftp: SFTPWrapper, request: number, reply: Reply): void => {
  switch (reply.kind) {
    case 'status':
      sftp.status(request, reply.code, reply.text);
      break;
    case 'handle':
      sftp.handle(request, reply.handle);
      break;
    case 'data':
      sftp.data(request, Buffer.from(reply.bytes.buffer, reply.bytes.byteOffset, reply.bytes.byteLength));
      break;
    case 'names':
      sftp.name(request, reply.names);
      break;
    case 'attributes':
      sftp.attrs(request, reply.attributes);
      break;
  }
};
