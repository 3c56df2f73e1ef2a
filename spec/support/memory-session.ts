/** A session of the intake in memory. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js';
import { type Refusal, refusal } from '../../domain/failure.ts';
import type { Answer, Download, Session, Upload } from '../../domain/intake.ts';
import type { MailPolicy } from '../../domain/mail.ts';
import { baseName, parentOf, resolvePath } from '../../domain/path.ts';
import { asked, type MemoryIntake } from './memory-intake.ts';

/** The refusal of mail that is for nobody here. */
export const noMailbox = refusal('notFound', 'no such mailbox');

/** Opens a session of a login; `onClose` is called once. */
export const memorySession = (
  memory: MemoryIntake,
  login: string,
  ended: AbortSignal,
  takes: (sender: string, recipient: string) => MailPolicy | undefined,
  onClose: (orderly: boolean) => void,
): Session => {
  const home = memory.home(login);
  const uploads = new Set<Upload>();

  const at = <A>(operation: string, path: string, act: (normal: string) => Either<Refusal, A>): Answer<A> =>
    asked(memory, operation, path, () => {
      const normal = resolvePath('/', path);
      return isLeft(normal) ? normal : act(normal.right);
    });

  return {
    channel: login,
    login,
    ended,
    resolve: (path) => at('resolve', path, right),
    list: (path) => at('list', path, home.list),
    stat: (path) => at('stat', path, home.entry),
    makeDirectory: (path) => at('makeDirectory', path, home.makeDirectory),
    removeDirectory: (path) => at('removeDirectory', path, (normal) => home.remove(normal, 'directory')),
    remove: (path) => at('remove', path, (normal) => home.remove(normal, 'file')),
    rename: (from, to, options) =>
      at('rename', from, (normal) => {
        const target = resolvePath('/', to);
        return isLeft(target) ? target : home.rename(normal, target.right, options?.replace === true);
      }),
    setModified: (path, modified) =>
      at('setModified', path, (normal) => {
        const node = home.find(normal);
        if (isLeft(node)) return node;
        node.right.modified = modified;
        return right(undefined);
      }),
    wouldTake: (size) => asked(memory, 'wouldTake', String(size), () => right(undefined)),
    upload: (path, options) =>
      at('upload', path, (normal) => {
        if (home.nodes.get(normal)?.kind === 'directory')
          return left(refusal('isDirectory', `${normal} is a directory`));
        const parent = home.find(parentOf(normal));
        if (isLeft(parent)) return parent;
        const resumed = options?.resume === true ? home.partials.get(normal) : undefined;
        const key = options?.requestKey;
        if (key !== undefined && memory.running.has(key)) return left(refusal('busy', 'the request still runs'));
        if (key !== undefined) memory.running.add(key);
        if (options?.resume === true && resumed === undefined && home.nodes.has(normal))
          return left(refusal('notPermitted', 'a delivered file cannot be appended to; send it whole'));
        home.partials.delete(normal);
        if (resumed !== undefined) memory.resumed.push(normal);
        const onEnd = (): void => {
          uploads.delete(upload);
          if (key !== undefined) memory.running.delete(key);
        };
        const upload = memoryUpload(memory, login, normal, onEnd, resumed, key);
        uploads.add(upload);
        return right(upload);
      }),
    download: (path) =>
      at('download', path, (normal) => {
        const node = home.find(normal);
        if (isLeft(node)) return node;
        const { kind, bytes, size } = node.right;
        return kind === 'directory'
          ? left(refusal('isDirectory', `${normal} is a directory`))
          : right(memoryDownload(memory, normal, bytes, size));
      }),
    takesMail: (sender, recipient) =>
      asked(memory, 'takesMail', recipient, () => {
        const policy = takes(sender, recipient);
        return policy === undefined ? left(noMailbox) : right(policy);
      }),
    standing: (transfer, patience) =>
      asked(memory, 'standing', transfer, async () => {
        const found = memory.completed.find((each) => each.transfer === transfer && each.login === login);
        if (found === undefined) return left(refusal('notFound', 'there is no such transfer'));
        const { bytes, size, path } = found;
        if (patience?.aborted === false && !memory.ended.has(transfer))
          await Promise.race([memory.until(() => memory.ended.has(transfer)), once(patience, 'abort')]);
        const ended = memory.ended.has(transfer);
        const sha256 = createHash('sha256').update(bytes).digest('hex');
        const state = ended ? 'acknowledged' : 'received';
        return right({ transfer, name: baseName(path), size, sha256, state, ended, received: 0 });
      }),
    close: async (options) => {
      await Promise.all([...uploads].map((each) => each.abandon()));
      onClose(options?.orderly === true);
    },
  };
};

const memoryUpload = (
  memory: MemoryIntake,
  login: string,
  path: string,
  onEnd: () => void,
  resumed: Buffer = Buffer.alloc(0),
  key?: string,
): Upload => {
  const early = new Map<number, Uint8Array>();
  const parts: Uint8Array[] = [resumed];
  let size = resumed.length;
  let modified: number | undefined;
  let over = false;

  const take = (bytes: Uint8Array): void => {
    size += bytes.length;
    if (!memory.countOnly) parts.push(bytes);
    const next = early.get(size);
    if (next === undefined) return;
    early.delete(size);
    take(next);
  };
  /** What was there is written over, and what goes beyond it is taken. */
  const again = (offset: number, bytes: Uint8Array): void => {
    const whole = Buffer.concat([...parts, Buffer.alloc(Math.max(0, offset + bytes.length - size))]);
    whole.set(bytes, offset);
    parts.splice(0, parts.length, whole);
    size = whole.length;
  };
  const end = (): void => {
    over = true;
    onEnd();
  };

  return {
    get size() {
      return size;
    },
    write: (offset, bytes) =>
      asked(memory, 'write', path, () => {
        if (over) return left(refusal('illegal', 'the upload has ended'));
        // The bytes are kept as they are: whoever uses the buffer again is found out.
        if (offset < size) again(offset, bytes);
        else if (offset === size) take(bytes);
        else early.set(offset, bytes);
        return right(undefined);
      }),
    setModified: (value) => {
      modified = value;
    },
    complete: (options) =>
      asked(memory, 'complete', path, async () => {
        if (over) return left(refusal('illegal', 'the upload has ended'));
        if ((await options?.unless?.()) === true) return left(refusal('unavailable', 'the sender is gone'));
        end();
        if (early.size > 0) return left(refusal('invalid', 'the file has a hole'));
        const bytes = Buffer.concat(parts);
        const first = memory.completed.find((each) => key !== undefined && each.key === key);
        if (first !== undefined)
          return first.path === path && first.bytes.equals(bytes)
            ? right({ transfer: first.transfer })
            : left(refusal('illegal', 'the key was used for another file'));
        const transfer = `t${String(memory.completed.length).padStart(25, '0')}`;
        memory.home(login).putFile(path, bytes, modified ?? 0, size);
        memory.completed.push({
          login,
          path,
          size,
          bytes,
          modified,
          asSent: options?.asSent,
          mail: options?.mail,
          key,
          transfer,
        });
        return right({ transfer });
      }),
    abandon: () => {
      if (!over) {
        end();
        memory.home(login).partials.set(path, Buffer.concat(parts));
        memory.abandoned.push(path);
        memory.changed();
      }
      return Promise.resolve();
    },
  };
};

const memoryDownload = (memory: MemoryIntake, path: string, bytes: Buffer, size: number): Download => ({
  size,
  sha256: createHash('sha256').update(bytes).digest('hex'),
  read: (offset, length) =>
    asked(memory, 'read', path, () => {
      const end = Math.min(offset + length, size);
      return right(
        offset >= end
          ? Buffer.alloc(0)
          : size > bytes.length
            ? Buffer.alloc(end - offset)
            : bytes.subarray(offset, end),
      );
    }),
  close: (options) => {
    memory.closed.push({ path, taken: options?.taken === true });
    memory.changed();
    return Promise.resolve();
  },
});
