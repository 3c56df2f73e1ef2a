/** The one door in for partners' data, whatever the protocol. */
import { isLeft, left, right } from 'fp-ts/lib/Either.js';
import type { ReplicatedChannel } from '../domain/channel.ts';
import { type Decision, refusal } from '../domain/failure.ts';
import type { Answer, Intake, LoginAttempt, Session, Upload } from '../domain/intake.ts';
import { noPolicy, takesMail } from '../domain/mail.ts';
import { resolvePath } from '../domain/path.ts';
import type { Log } from '../domain/ports.ts';
import type { HomeRow } from '../projections/home.ts';
import type { Arrival } from './arrivals.ts';
import type { DiskGuard } from './disk.ts';
import { type Doorkeeper, noMailbox } from './doorkeeper.ts';
import { download } from './download.ts';
import { type HomeNeeds, homeOf } from './home.ts';
import { type PickUpNeeds, watchPickUp } from './pick-up.ts';
import { type Arriving, expireUpload, tooLarge } from './receive.ts';
import { asRefusal } from './refusals.ts';
import { onceEach, type Requests } from './requests.ts';
import { standingOf } from './standing.ts';

/** What the intake rests on. */
export type IntakeNeeds = HomeNeeds &
  PickUpNeeds & {
    readonly door: Doorkeeper;
    readonly guard: Pick<DiskGuard, 'mayTake'>;
    readonly log: Log;
  };

/** The intake, and the means to end sessions. */
export type RunningIntake = Intake & {
  /** Ends the sessions of a channel, or all. */
  end(channel?: string): void;
};

/** Opens the intake. */
export const openIntake = (needs: IntakeNeeds): RunningIntake => {
  const requests = onceEach(needs);
  const sessions = new Map<AbortController, string>();
  return {
    login: (attempt) => async () => {
      const admitted = await needs.door.admit(attempt);
      if (isLeft(admitted)) return admitted;
      const { channel, leave } = admitted.right;
      const ending = new AbortController();
      sessions.set(ending, channel.name);
      return right(
        session({ ...needs, requests }, attempt, channel, ending.signal, () => {
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
  needs: IntakeNeeds & { readonly requests: Requests },
  attempt: LoginAttempt,
  channel: ReplicatedChannel,
  ended: AbortSignal,
  leave: () => void,
): Session => {
  const { arrivals, streams } = needs;
  const abandoning = new Set<() => Promise<void>>();
  const unheard = new Set<string>();
  const { proof } = attempt;
  const login = attempt.named === 'channel' ? (channel.login ?? channel.name) : attempt.login;
  const by = {
    login: login.slice(0, 128),
    address: attempt.address.slice(0, 64),
    ...('fingerprint' in proof ? { fingerprint: proof.fingerprint } : {}),
  };
  const home = homeOf(needs, channel, by);
  /** The client goes on, so it had the OK of what it delivered before; the record is not waited for. */
  const hear = (): void => {
    for (const id of unheard) {
      const heard = streams.record(id, 'receive', (folded) =>
        right(folded?.transfer.heard === false ? [{ type: 'confirmed', data: {} }] : []),
      );
      heard.catch((error: unknown) =>
        needs.log.warn('not recorded as confirmed', { transfer: id, error: String(error) }),
      );
    }
    unheard.clear();
  };
  const at =
    <A>(path: string, then: (path: string) => Answer<A>): Answer<A> =>
    async () => {
      hear();
      const resolved = resolvePath('/', path);
      return isLeft(resolved) ? resolved : then(resolved.right)();
    };
  const watched = (upload: Arrival, onEnd: () => void): Upload => {
    const abandon = (): Promise<void> => {
      abandoning.delete(abandon);
      return upload.abandon().finally(onEnd);
    };
    abandoning.add(abandon);
    return {
      get size() {
        return upload.size;
      },
      write: upload.write,
      setModified: upload.setModified,
      complete: (options) => async () => {
        abandoning.delete(abandon);
        const completed = await upload.complete(options)().finally(onEnd);
        const transfer = upload.taken()?.transfer;
        if (transfer !== undefined) unheard.add(transfer);
        return completed;
      },
      abandon,
    };
  };
  const beginAnew = async (arriving: Arriving, there: HomeRow | undefined): Promise<Decision<Arrival>> => {
    if (there?.kind === 'upload' && arrivals.sizeOf(there.id ?? '') === undefined) {
      const expired = await expireUpload(needs, there.id ?? '', by);
      if (isLeft(expired)) return expired;
    }
    return arrivals.start(arriving);
  };
  const goOn = async (arriving: Arriving, there: HomeRow | undefined): Promise<Decision<Arrival>> => {
    const running = arrivals.takeOver(arriving);
    if (running !== undefined) return right(running);
    if (there === undefined) return arrivals.start(arriving);
    if (there.kind === 'upload' && there.payload === null) return arrivals.resume(arriving, there.id ?? '');
    return left(refusal('notPermitted', 'it is complete already; send more under another name'));
  };
  const begin = async (arriving: Arriving, resume: boolean): Promise<Decision<Arrival>> => {
    await arrivals.makeWay(arriving, !resume);
    const may = await home.mayWrite(arriving.path)();
    if (isLeft(may)) return may;
    return resume ? goOn(arriving, may.right) : beginAnew(arriving, may.right);
  };
  return {
    channel: channel.name,
    login,
    ended,
    standing: standingOf(needs, channel.name),
    resolve: (path) => () => Promise.resolve(resolvePath('/', path)),
    list: (path) => at(path, home.list),
    stat: (path) => at(path, home.stat),
    makeDirectory: (path) => at(path, home.makeDirectory),
    removeDirectory: (path) => at(path, home.removeDirectory),
    remove: (path) => at(path, home.remove),
    rename: (from, to, options) =>
      at(from, (f) =>
        at(to, (t) => async () => {
          const renamed = await home.rename(f, t, options?.replace === true)();
          if (isLeft(renamed)) return renamed;
          if (renamed.right.transfer !== undefined) unheard.add(renamed.right.transfer);
          return right(undefined);
        }),
      ),
    setModified: (path, modified) => at(path, (p) => home.setModified(p, modified)),
    wouldTake: (size) => async () => {
      hear();
      if (size > channel.maxSize) return left(tooLarge(channel));
      const may = await needs.guard.mayTake(0);
      return isLeft(may) ? left(asRefusal(may.left)) : may;
    },
    upload: (named, options) =>
      at(named, (path) => async () => {
        const claimed = await needs.requests.claim(channel, path, options?.requestKey);
        if (isLeft(claimed)) return claimed;
        const { request, release } = claimed.right;
        const whole = options?.whole === true;
        const arriving = { channel, protocol: attempt.protocol, path, by, whole, ...(request && { request }) };
        const begun = await begin(arriving, options?.resume === true);
        if (isLeft(begun)) release();
        return isLeft(begun) ? begun : right(watched(begun.right, release));
      }),
    download: (path) =>
      at(path, (p) => async () => {
        const file = await home.file(p)();
        if (isLeft(file)) return file;
        const { payload, size } = file.right;
        const bytes = download(needs.payloads, payload?.key ?? '', size, payload?.sha256);
        return right(watchPickUp(needs, file.right, bytes, by, attempt.protocol));
      }),
    takesMail: (sender, recipient) => () => {
      const letter = { sender, recipient, address: attempt.address };
      const takes = channel.mail !== undefined && takesMail(channel.mail, letter, proof.kind !== 'recipient');
      // Who has logged in has proved more.
      const policy = proof.kind === 'recipient' ? (channel.mail?.policy ?? noPolicy) : noPolicy;
      return Promise.resolve(takes ? right(policy) : left(noMailbox));
    },
    close: async (options) => {
      leave();
      if (options?.orderly === true) hear();
      await Promise.all([...abandoning].map((abandon) => abandon()));
    },
  };
};
