/** What a protocol sees of the gateway: the one door in for partners' data. Implemented in actors/intake.ts. */
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import type { Refusal } from './failure.ts';
import type { MailChecks, MailPolicy } from './mail.ts';

/** I/O that gives a value or our refusal; failures of the world arrive here as refusals (`unavailable`, `noSpace`). */
export type Answer<A> = TaskEither<Refusal, A>;

/** How somebody proves to be a login. `signed: false` only asks whether the key would do; such an attempt opens no session. */
export type Proof =
  | { readonly kind: 'password'; readonly password: string }
  | {
      readonly kind: 'publicKey';
      readonly algorithm: string;
      readonly blob: string;
      readonly fingerprint: string;
      readonly signed: boolean;
    }
  /** A TLS client certificate whose key the peer has used in the handshake; `sha256:` and 64 hex digits. */
  | { readonly kind: 'clientCertificate'; readonly fingerprint: string }
  /** Mail for one of a channel's addresses, as the channel's own rules take it; the login is the sender, which is only a claim. */
  | { readonly kind: 'recipient'; readonly recipient: string };

/** Somebody at the door. `address` is the peer's IP address; `login` is the name of a channel where it is so `named`. */
export type LoginAttempt = {
  readonly protocol: string;
  readonly address: string;
  readonly login: string;
  readonly named?: 'channel';
  readonly proof: Proof;
};

/** An entry of a virtual home. Times are milliseconds since 1970, sizes bytes. */
export type Entry = {
  readonly name: string;
  readonly kind: 'file' | 'directory';
  readonly size: number;
  readonly modified: number;
  /** An upload that has not come to its end: it may be resumed. */
  readonly incomplete?: boolean;
};

/**
 * How a file is completed. `asSent`: SHA-256 of what the partner sent, where we have added to it: a repeat is known by that.
 * `mail`: what was found of a mail.
 */
export type Completion = {
  readonly unless?: () => Promise<boolean>;
  readonly asSent?: string;
  readonly mail?: MailChecks | undefined;
};

/** What became of a file that was completed: the transfer; or none, while it waits for its final name or its marker. */
export type Taken = { readonly transfer: string | undefined };

/** How a delivered file stands; times in milliseconds since 1970. */
export type Standing = {
  readonly transfer: string;
  readonly name: string;
  readonly size: number;
  readonly sha256: string;
  readonly state: string;
  readonly ended: boolean;
  readonly received: number;
};

/** A file being delivered. */
export interface Upload {
  /** Bytes taken so far without a hole; what a resumed upload starts with. */
  readonly size: number;
  /** Resolves when the bytes are taken over; a refusal ends the upload. The bytes must not be changed afterwards. */
  write(offset: number, bytes: Uint8Array): Answer<void>;
  /** The partner's own time for the file, if it sends one. */
  setModified(modified: number): void;
  /**
   * The durable point: payload and record are on disk. Only after this may the partner get its OK. `unless` is asked in
   * between, when the bytes are on disk and nothing is recorded yet: where it answers that the sender is gone, which
   * alone tells half a file from a whole one in FTP, nothing was delivered, and what there is stays for a later resume.
   */
  complete(options?: Completion): Answer<Taken>;
  /** The connection ended before the end of the file: nothing was delivered. What there is stays for a later resume. */
  abandon(): Promise<void>;
}

/** A file being read by the partner. */
export interface Download {
  readonly size: number;
  /** Of all of it, 64 hexadecimal digits; absent where it is not known. */
  readonly sha256?: string | undefined;
  /** At most `length` bytes from `offset`; empty at the end. */
  read(offset: number, length: number): Answer<Uint8Array>;
  /** `taken`: the partner has all that it read. A provided file that was read to its end is then picked up; answers once that is recorded. */
  close(options?: { readonly taken?: boolean }): Promise<void>;
}

/** A logged-in partner. Paths are the partner's, absolute or relative to its home. */
export interface Session {
  readonly channel: string;
  readonly login: string;
  /** Aborted when the session must end: the channel was removed, or the server stops. */
  readonly ended: AbortSignal;
  /** The normal form of a path. */
  resolve(path: string): Answer<string>;
  list(path: string): Answer<readonly Entry[]>;
  stat(path: string): Answer<Entry>;
  makeDirectory(path: string): Answer<void>;
  removeDirectory(path: string): Answer<void>;
  remove(path: string): Answer<void>;
  rename(from: string, to: string, options?: { readonly replace?: boolean }): Answer<void>;
  setModified(path: string, modified: number): Answer<void>;
  /** Would a file of so many bytes be taken now? `tooLarge`, or `noSpace` while nothing new is taken at all; no room is kept for it. */
  wouldTake(size: number): Answer<void>;
  /**
   * Takes a file in. With `resume` it goes on with the incomplete upload of this login at this path (also of another,
   * older session, which is thereby ended), or starts a new one where there is none; a file that was delivered already
   * cannot be appended to (`notPermitted`). Without, it begins anew. `whole`: the protocol itself says where it ends, as
   * for mail: once complete it is a transfer, whatever its name, and what was cut off is not kept. `requestKey` is the
   * partner's own name for what it asks: the same one again answers the same transfer, for the same file (`illegal` for
   * another, `busy` while the first still runs). A file that makes no transfer at its close has no use for one.
   */
  upload(
    path: string,
    options?: { readonly resume?: boolean; readonly whole?: boolean; readonly requestKey?: string | undefined },
  ): Answer<Upload>;
  /** How a transfer stands that this partner began; with `patience` it answers at the transfer's end, or once that is aborted. */
  standing(transfer: string, patience?: AbortSignal): Answer<Standing>;
  download(path: string): Answer<Download>;
  /** Is mail from this sender for this address one for the channel? `notFound` where not; else what must be proved of it. */
  takesMail(sender: string, recipient: string): Answer<MailPolicy>;
  /**
   * Ends the session; uploads that are still open are abandoned. `orderly` says that the client had the last reply: it
   * said goodbye (QUIT, channel EOF) after it. An operation after `complete` says the same.
   */
  close(options?: { readonly orderly?: boolean }): Promise<void>;
}

/** The door. */
export interface Intake {
  /** A session, or why not. Counts attempts and sessions. For a proof with `signed: false` use `wouldAccept`. */
  login(attempt: LoginAttempt): Answer<Session>;
  /** Would this public key or certificate be taken for this login? Counts no attempt. */
  wouldAccept(attempt: LoginAttempt): Answer<boolean>;
}
