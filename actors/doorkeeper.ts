/** Who may come in: limits by address, and the login against the replicated channel. An unknown login costs as much as a wrong password. */
import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js';
import type { ReplicatedChannel } from '../domain/channel.ts';
import type { Limits } from '../domain/config.ts';
import { type Refusal, refusal } from '../domain/failure.ts';
import type { LoginAttempt, Proof } from '../domain/intake.ts';
import { takesMail } from '../domain/mail.ts';
import type { Clock, Projection, ReadModels, Verifiers } from '../domain/ports.ts';
import type { ChannelRow } from '../projections/channels.ts';
import { openMailboxes } from './mailboxes.ts';

/** The doorkeeper. */
export type Doorkeeper = {
  /** The channel of a login with the right proof, its session counted; or why not. */
  admit(
    attempt: LoginAttempt,
  ): Promise<Either<Refusal, { readonly channel: ReplicatedChannel; readonly leave: () => void }>>;
  /** Would this public key or certificate be taken? */
  knowsKey(attempt: LoginAttempt): Promise<Either<Refusal, boolean>>;
};

/** What the doorkeeper rests on. */
export type DoorkeeperNeeds = {
  readonly models: ReadModels;
  readonly projection: Projection<ChannelRow>;
  readonly verifiers: Verifiers;
  readonly clock: Clock;
  readonly limits: Limits;
};

const minute = 60_000;
const failureWindow = 10 * minute;
const mostAddresses = 100_000;
const wrong = refusal('badCredentials', 'wrong login or password');

/** The refusal of mail that no channel takes: in the same words whether it is the address, the sender, or the want of a login. */
export const noMailbox = refusal('notFound', 'no such mailbox here for you; log in first if you have a login');

/** Times of something by key within a window, bounded. */
const recent = (clock: Clock, window: number) => {
  const times = new Map<string, number[]>();
  const of = (key: string): number[] => {
    const kept = (times.get(key) ?? []).filter((time) => time > clock.monotonic() - window);
    if (kept.length === 0) times.delete(key);
    return kept;
  };
  return {
    count: (key: string): number => of(key).length,
    add: (key: string): void => {
      const oldest = times.size >= mostAddresses && !times.has(key) ? times.keys().next().value : undefined;
      if (oldest !== undefined) times.delete(oldest);
      times.set(key, [...of(key), clock.monotonic()]);
    },
  };
};

/** Opens the door. */
export const openDoor = (needs: DoorkeeperNeeds): Doorkeeper => {
  const { clock, limits, verifiers } = needs;
  const failures = recent(clock, failureWindow);
  const arrivals = recent(clock, minute);
  const present = new Map<string, number>();
  const mailboxes = openMailboxes(needs);
  const decoy = verifiers.make('nobody has this password', 'sallyport-decoy');

  const channelOf = async ({ login, named }: LoginAttempt): Promise<Either<Refusal, ReplicatedChannel | undefined>> => {
    const { models, projection } = needs;
    const rows =
      named === 'channel'
        ? await models.get(projection, [login])()
        : await models.query(projection, { where: { login }, limit: 1 })();
    return isLeft(rows) ? left(refusal('unavailable', 'try again later')) : right([...rows.right.values()][0]?.channel);
  };

  const limited = (address: string): Refusal | undefined => {
    if (failures.count(address) >= limits.failedLogins)
      return refusal('tooManyAttempts', 'too many failed logins from this address; try again in ten minutes');
    if (arrivals.count(address) >= limits.newSessionsPerMinute)
      return refusal('tooManySessions', 'too many new sessions from this address; try again in a minute');
    if ((present.get(`address ${address}`) ?? 0) >= limits.sessionsPerAddress)
      return refusal('tooManySessions', 'too many sessions from this address');
    return undefined;
  };

  const enter = (names: readonly string[]): (() => void) => {
    for (const name of names) present.set(name, (present.get(name) ?? 0) + 1);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      for (const name of names) {
        const rest = (present.get(name) ?? 1) - 1;
        if (rest > 0) present.set(name, rest);
        else present.delete(name);
      }
    };
  };

  const found = async (attempt: LoginAttempt): Promise<Either<Refusal, ReplicatedChannel | undefined>> =>
    attempt.proof.kind === 'recipient' ? mailboxes.find(attempt.proof.recipient) : channelOf(attempt);

  const proves = async (channel: ReplicatedChannel | undefined, attempt: LoginAttempt): Promise<boolean> => {
    const { proof, login: sender, address } = attempt;
    if (proof.kind === 'recipient')
      return channel?.mail !== undefined && takesMail(channel.mail, { ...proof, sender, address }, false);
    if (proof.kind !== 'password') return (proof.kind !== 'publicKey' || proof.signed) && lists(channel, proof);
    const verifier = channel?.verifier;
    const fits = await verifiers.check(verifier ?? (await decoy), proof.password);
    return fits && verifier !== undefined;
  };

  return {
    admit: async (attempt) => {
      const stop = limited(attempt.address);
      if (stop !== undefined) return left(stop);
      const before = await found(attempt);
      if (isLeft(before)) return before;
      const channel = before.right;
      const proven = await proves(channel, attempt).catch(() => undefined);
      if (proven === undefined) return left(refusal('busy', 'too many logins at once; try again'));
      if (!proven || channel === undefined) {
        // Whose recipients are mistaken may have others that are not.
        if (attempt.proof.kind === 'recipient') return left(noMailbox);
        failures.add(attempt.address);
        return left(wrong);
      }
      // Checking a password takes a while; who was removed meanwhile does not come in.
      const still = await found(attempt);
      if (isLeft(still)) return still;
      if (still.right?.name !== channel.name) return left(wrong);
      if ((present.get(`channel ${channel.name}`) ?? 0) >= channel.maxSessions)
        return left(refusal('tooManySessions', 'too many sessions of this login'));
      arrivals.add(attempt.address);
      return right({ channel, leave: enter([`address ${attempt.address}`, `channel ${channel.name}`]) });
    },
    knowsKey: async (attempt) => {
      const stop = limited(attempt.address);
      if (stop !== undefined) return left(stop);
      const known = await channelOf(attempt);
      if (isLeft(known)) return known;
      const { proof } = attempt;
      return right('fingerprint' in proof && lists(known.right, proof));
    },
  };
};

const lists = (
  channel: ReplicatedChannel | undefined,
  proof: Extract<Proof, { readonly fingerprint: string }>,
): boolean =>
  proof.kind === 'publicKey'
    ? channel?.publicKeys.some((line) => line.split(/\s+/).includes(proof.blob)) === true
    : channel?.clientCertificates.includes(proof.fingerprint) === true;
