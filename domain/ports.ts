/** What the actors need of the world. Implemented in adapters/, doubled in memory behind the same contract suites. */

import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import type { Observable } from 'rxjs';
import type { Room } from './disk.ts';
import type { JsonObject, LoggedEvent, NewEvent, Position } from './event.ts';
import type { Attempt, LogFailure } from './failure.ts';
import type { PartFacts } from './mail-part.ts';
import type { ProgramExit, RunStep } from './processing.ts';

export type * from './event.ts';
export type * from './read-models.ts';

/** Thrown by a log for an event that is there, but cannot be read. */
export class UnreadableEvent extends Error {
  readonly place: { readonly stream: string; readonly revision: bigint; readonly id: string };
  constructor(place: UnreadableEvent['place']) {
    super(`revision ${place.revision} of ${place.stream} (${place.id}) cannot be read: it is no JSON`);
    this.place = place;
  }
}

/** The revision that the stream must have: `any` does not look, `noStream` means that it must not exist. */
export type Expected = 'any' | 'noStream' | 'streamExists' | bigint;

/** What `follow` gives: events in log order, and once, between history and live, the mark that all there was has been given. */
export type Followed =
  | { readonly kind: 'events'; readonly events: readonly LoggedEvent[] }
  | { readonly kind: 'caughtUp' };

/** An append-only log of streams. Appends are durable when they succeed. */
export interface EventLog {
  /**
   * Appends all events or none. With an exact revision (or `noStream`) and the same ids as already stand after it, it
   * answers the original revision and writes nothing; with other ids it fails with `conflict`.
   */
  append(
    stream: string,
    events: readonly NewEvent[],
    options: { readonly expected: Expected },
  ): TaskEither<LogFailure, { readonly revision: bigint; readonly position: Position }>;
  /** Events of one stream from a revision on (inclusive), oldest first; a missing stream is empty. */
  readStream(
    stream: string,
    options?: { readonly from?: bigint; readonly limit?: number },
  ): TaskEither<LogFailure, readonly LoggedEvent[]>;
  /** Events of the whole log after a position (exclusive), in log order; at most `limit` (default 1000). */
  readAll(options?: {
    readonly after?: Position | undefined;
    readonly limit?: number;
  }): TaskEither<LogFailure, readonly LoggedEvent[]>;
  /** History after a position, the caught-up mark, then live, as one thing. Ends when the signal aborts or the log closes. */
  follow(after: Position | undefined, signal: AbortSignal): AsyncIterable<Followed>;
  /**
   * Hides a stream's events before revision `keepFrom` from its readers, at once and for good; what they take up is freed
   * when it suits the log, and a reader of the whole log may still meet them until then. Revisions go on counting. Beyond
   * the stream's end all there is is hidden, but nothing that comes; their ids are forgotten.
   */
  setRetention(stream: string, options: { readonly keepFrom: bigint }): TaskEither<LogFailure, void>;
  close(): Promise<void>;
}

/** A payload being written. Writes may come out of order; nothing is readable until `commit`. */
export interface PayloadWriter {
  /** Bytes below which there is no hole, counted from 0. */
  readonly size: number;
  /** Resolves when the bytes are taken over (buffered within a bound), not when they are on disk. The bytes must not be changed afterwards. */
  write(offset: number, bytes: Uint8Array): Attempt<void>;
  /**
   * Makes it durable (file, name and directory) and readable; answers size and SHA-256. A hole is a permanent failure
   * `hole`; other bytes than expected are a temporary failure `mismatch`, and the bytes are removed.
   */
  commit(expected?: {
    readonly size: number;
    readonly sha256: string;
  }): Attempt<{ readonly size: number; readonly sha256: string }>;
  /** Stops; with `keep` the bytes so far stay for `resume`, otherwise they are removed. */
  abandon(options?: { readonly keep?: boolean }): Promise<void>;
}

/** A payload of the store. */
export type StoredPayload = { readonly key: string; readonly size: number; readonly modified: number };

/** Bytes by key. A committed payload never changes. */
export interface PayloadStore {
  /** Starts a payload; with `resume` it goes on where an abandoned one of the same key ended. A committed key is a permanent failure `exists`. */
  write(key: string, options?: { readonly resume?: boolean }): Attempt<PayloadWriter>;
  /** The bytes from `from` (inclusive) to `to` (exclusive, default the end); failure `notFound` where there is none. */
  read(key: string, range?: { readonly from?: number; readonly to?: number }): Attempt<AsyncIterable<Uint8Array>>;
  /** Size of a committed payload; failure `notFound` where there is none. */
  stat(key: string): Attempt<StoredPayload>;
  /** How many bytes of an unfinished payload a resume would start with; failure `notFound` where there is none. */
  partial(key: string): Attempt<number>;
  /** Takes a commit back, for a payload of which there is no record yet: it is unfinished again, and may be resumed. */
  reopen(key: string): Attempt<void>;
  /** Removes a payload and what is left of an unfinished one; absent is fine. */
  remove(key: string): Attempt<void>;
  /** Every key of a node, committed or not. */
  list(node: string): AsyncIterable<StoredPayload & { readonly committed: boolean }>;
  close(): Promise<void>;
}

/** The disk under the data directory, and on it a file that can be given up when it is full. */
export interface Disk {
  /** How much room there is where it is scarcest. */
  room(): Attempt<Room>;
  /** Makes the reserve file of this size, really written; failure `noSpace` leaves none. */
  reserve(bytes: number): Attempt<void>;
  /** Gives the reserve up; absent is fine. */
  release(): Attempt<void>;
}

/** Another server's payload from byte `start` on, with its whole size. The iterable throws where it breaks off. */
export type PayloadSource = (
  from: string,
  key: string,
  start: number,
) => Attempt<{ readonly size: number; readonly bytes: AsyncIterable<Uint8Array> }>;

/** The times of a schedule. */
export interface Cron {
  /** The next time after `after`, milliseconds since 1970; undefined where there is none. Throws for a schedule that cannot be read. */
  next(schedule: string, timeZone: string, after: number): number | undefined;
}

/** Time, passed in so that tests own it. */
export interface Clock {
  /** Wall clock, milliseconds since 1970. */
  now(): number;
  /** Milliseconds that only ever grow. */
  monotonic(): number;
  /** Calls back after so many milliseconds; the answer cancels it. */
  after(milliseconds: number, callback: () => void): () => void;
}

/** Names for new things. */
export interface Ids {
  /** 26 characters of lower-case Crockford base 32, sorted by time. */
  fresh(): string;
  /** 26 characters from a hash of the parts: the same parts, the same id. */
  derived(...parts: readonly (string | number)[]): string;
  /** UUIDv5 of a name in our own namespace (RFC 9562, section 5.5). */
  uuid(name: string): string;
  /** SHA-256 of a text, 64 hexadecimal digits. */
  sha256(text: string): string;
}

/** Structured log lines. Never give it a secret. */
export interface Log {
  debug(message: string, fields?: JsonObject): void;
  info(message: string, fields?: JsonObject): void;
  warn(message: string, fields?: JsonObject): void;
  error(message: string, fields?: JsonObject): void;
  /** Something that a person must see to. */
  alarm(message: string, fields?: JsonObject): void;
}

/** What partners' passwords are checked against; on dmz there is nothing else of them. */
export interface Verifiers {
  /** An argon2id string for a password: the same password and salt (at least 8 characters, unique, not secret), the same string. */
  make(password: string, salt: string): Promise<string>;
  /** Is it the password? Concurrent checks are bounded, successes are remembered for a few minutes. */
  check(verifier: string, password: string): Promise<boolean>;
}

/** What is at a path of the local file system where results are delivered. */
export type FileFacts = { readonly inode: string; readonly ctime: string; readonly links: number };

/** A directory into which results are delivered, for the file response. Names are plain names, never paths. */
export interface Delivery {
  /** Writes a payload under a temporary name, file and directory synced; the present content under that name is replaced. */
  prepare(directory: string, temporary: string, bytes: AsyncIterable<Uint8Array>): Attempt<FileFacts>;
  /** Facts of a name, or undefined where there is nothing. */
  look(directory: string, name: string): Attempt<FileFacts | undefined>;
  /** Gives the file its final name; failure `exists` where that is taken: nothing is ever overwritten. */
  link(directory: string, temporary: string, final: string): Attempt<void>;
  /** Removes a name; absent is fine. The directory is synced. */
  unlink(directory: string, name: string): Attempt<void>;
  /** Names of temporaries that look like ours. */
  temporaries(directory: string): Attempt<readonly string[]>;
}

/** What this server says of itself, and what its peers do. Keys are those of the link. */
export interface Signatures {
  /** Of this server's own private key, as text. */
  sign(text: string): string;
  /** Did the key of this certificate (DER) sign the text? Without a certificate: our own key. */
  verify(text: string, signature: string, certificate?: Uint8Array): boolean;
  /** The certificate of our own key (DER, base64). */
  readonly certificate: string;
  /** Did this node sign the text, with the key of this certificate (DER, base64), which our CA gave to it, now or once? */
  signedBy(node: string, text: string, signature: string, certificate: string): boolean;
}

/** A program to be run on a payload. `run` and `attempt` say which try of the transfer's step it is. */
export type ProgramJob = {
  readonly transfer: string;
  readonly run: number;
  readonly attempt: number;
  readonly channel: string;
  readonly name: string;
  readonly step: RunStep;
  readonly payload: AsyncIterable<Uint8Array>;
};

/** What a program left: how it ended, the last line that it complained, and the result that was asked for where it ended well. */
export type ProgramEnd = {
  readonly exit: ProgramExit;
  readonly said: string;
  readonly result: AsyncIterable<Uint8Array> | undefined;
};

/** Programs of the operator's, each in a process group of its own, with nothing of our environment. */
export interface Programs {
  /**
   * Runs one, after ending what is left of an earlier try for the same transfer. The result is there until `whenEnded`
   * is through. Aborting ends the group; failures: `noProgram`, `noResult` and `tooLarge` (permanent), `noSpace`,
   * `noSlot` (too many run), `stopped`.
   */
  run<A>(job: ProgramJob, signal: AbortSignal, whenEnded: (end: ProgramEnd) => Attempt<A>): Attempt<A>;
  /** Ends what still runs. */
  close(): Promise<void>;
}

/** A part of a mail, its content decoded. What is not read of it before the next part is passed over. */
export type MailPart = PartFacts & { readonly content: AsyncIterable<Uint8Array> };

/** Takes mails apart. */
export interface Mails {
  /**
   * The parts that hold data, in the order of the mail, never the whole of anything in memory. Throws permanent failures
   * `badMail` where the mail, or the content that is read, is not what it should be, or is more than is borne.
   */
  parts(mail: AsyncIterable<Uint8Array>): AsyncIterable<MailPart>;
}

/** Live values. */
export type Live<A> = Observable<A>;
