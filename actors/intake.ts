/** The one door in for partners' data, whatever the protocol. */
import { isLeft, left, right } from 'fp-ts/lib/Either.js';
import type { ReplicatedChannel } from '../domain/channel.ts';
import type { Decision } from '../domain/failure.ts';
import type { Answer, Download, Intake, LoginAttempt, Session, Upload } from '../domain/intake.ts';
import { resolvePath } from '../domain/path.ts';
import type { PayloadStore } from '../domain/ports.ts';
import type { Doorkeeper } from './doorkeeper.ts';
import { type HomeNeeds, homeOf } from './home.ts';
import { startUpload } from './receive.ts';
import { asRefusal } from './refusals.ts';

/** What the intake rests on. */
export type IntakeNeeds = HomeNeeds & { readonly door: Doorkeeper };

/** The intake, and the means to end sessions. */
export type RunningIntake = Intake & {
  /** Ends the sessions of a channel, or all. */
  end(channel?: string): void;
};

/** Opens the intake. */
export const openIntake = (needs: IntakeNeeds): RunningIntake => {
  const sessions = new Map<AbortController, string>();
  return {
    login: (attempt) => async () => {
      const admitted = await needs.door.admit(attempt);
      if (isLeft(admitted)) return admitted;
      const { channel, leave } = admitted.right;
      const ending = new AbortController();
      sessions.set(ending, channel.name);
      return right(
        session(needs, attempt, channel, ending.signal, () => {
          sessions.delete(ending);
          leave();
        }),
      );
    },
    wouldAccept: (attempt) => () => needs.door.knowsKey(attempt),
    end: (name) => {
      for (const [ending, channel] of sessions) if (name === undefined || name === channel) ending.abort();
    },
  };
};

const session = (
  needs: IntakeNeeds,
  attempt: LoginAttempt,
  channel: ReplicatedChannel,
  ended: AbortSignal,
  leave: () => void,
): Session => {
  const home = homeOf(needs, channel);
  const uploads = new Set<Upload>();
  const { proof } = attempt;
  const by = {
    login: attempt.login.slice(0, 128),
    address: attempt.address.slice(0, 64),
    ...(proof.kind === 'publicKey' ? { fingerprint: proof.fingerprint } : {}),
  };
  const at =
    <A>(path: string, then: (path: string) => Answer<A>): Answer<A> =>
    async () => {
      const resolved = resolvePath('/', path);
      return isLeft(resolved) ? resolved : then(resolved.right)();
    };
  const watched = (upload: Upload): Upload => {
    uploads.add(upload);
    return {
      get size() {
        return upload.size;
      },
      write: upload.write,
      setModified: upload.setModified,
      complete: () => async () => {
        uploads.delete(upload);
        return upload.complete()();
      },
      abandon: () => {
        uploads.delete(upload);
        return upload.abandon();
      },
    };
  };
  return {
    channel: channel.name,
    login: attempt.login,
    ended,
    resolve: (path) => () => Promise.resolve(resolvePath('/', path)),
    list: (path) => at(path, home.list),
    stat: (path) => at(path, home.stat),
    makeDirectory: (path) => at(path, home.makeDirectory),
    removeDirectory: (path) => at(path, home.removeDirectory),
    remove: (path) => at(path, home.remove),
    rename: (from, to, options) => at(from, (f) => at(to, (t) => home.rename(f, t, options?.replace === true))),
    setModified: (path, modified) => at(path, (p) => home.setModified(p, modified)),
    upload: (named) =>
      at(named, (path) => async () => {
        const may = await home.mayWrite(path)();
        if (isLeft(may)) return may;
        const started = await startUpload(needs, { channel, protocol: attempt.protocol, path, by });
        return isLeft(started) ? started : right(watched(started.right));
      }),
    download: (path) =>
      at(path, (p) => async () => {
        const file = await home.file(p)();
        return isLeft(file) ? file : right(download(needs.payloads, file.right.payload?.key ?? '', file.right.size));
      }),
    close: async () => {
      leave();
      await Promise.all([...uploads].map((upload) => upload.abandon()));
    },
  };
};

const download = (payloads: PayloadStore, key: string, size: number): Download => ({
  size,
  read: (offset, length) => async (): Promise<Decision<Uint8Array>> => {
    const to = Math.min(size, offset + length);
    if (offset >= to) return right(new Uint8Array());
    const opened = await payloads.read(key, { from: offset, to })();
    if (isLeft(opened)) return left(asRefusal(opened.left));
    return right(await whole(opened.right, to - offset));
  },
  close: () => Promise.resolve(),
});

const whole = async (chunks: AsyncIterable<Uint8Array>, size: number): Promise<Uint8Array> => {
  const bytes = new Uint8Array(size);
  let at = 0;
  for await (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes.subarray(0, at);
};
