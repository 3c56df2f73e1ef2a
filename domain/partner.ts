/** A partner's own server, as we are its client: what a protocol does there, and what a channel says about it. */
import { z } from 'zod';
import { plainName } from './channel.ts';
import type { Attempt } from './failure.ts';
import type { Clock } from './ports.ts';
import { sendingRules } from './sending.ts';

/** Files of one directory at most; more are a failure, not a part of them. */
export const mostFiles = 100_000;

/** A file in a directory of a partner's server; `modified` in milliseconds since 1970, absent where the server does not say. */
export const partnerFile = z.strictObject({
  path: z.string().max(4096),
  name: z.string().max(255),
  size: z.number().int().nonnegative(),
  modified: z.number().int().optional(),
});
export type PartnerFile = z.infer<typeof partnerFile>;

/**
 * One session at a partner's server. Every call has a deadline of its own; whatever ends the session is the failure of
 * all that waits for it. Not for two calls at once.
 */
export interface PartnerSession {
  /** The plain files of a directory, by name; directories, links and special files are left out. Failures `notFound`, `notPermitted`, `tooMany`. */
  list(directory: string): Attempt<readonly PartnerFile[]>;
  /** One file's facts, undefined where there is none of this name. */
  look(path: string): Attempt<PartnerFile | undefined>;
  /** The bytes from `start` on; the iteration throws a failure where the session breaks or the end was not a clean one. */
  read(path: string, start: number): Attempt<AsyncIterable<Uint8Array>>;
  /** Writes the file from its beginning, replacing what has this name. Answers once the server has confirmed the end. */
  write(path: string, bytes: AsyncIterable<Uint8Array>): Attempt<void>;
  /** Gives a file another name. Failures `exists` where the server will not replace, `notFound`, `outcomeUnknown` where no answer came. */
  rename(from: string, to: string): Attempt<void>;
  /** Removes a file. Failures `notFound`, `notPermitted`, `outcomeUnknown`. */
  remove(path: string): Attempt<void>;
  /** Says goodbye, or just ends it. */
  close(): Promise<void>;
}

/** The steps of coming in, told as they are begun, so that the one that fails can be named. */
export type ConnectStep = 'name' | 'port' | 'tls' | 'hostKey' | 'login';

/** Whom we are there; the secrets never leave memory. */
export type Credentials = {
  readonly password?: string | undefined;
  /** PEM, of an SSH key or of a TLS client certificate. */
  readonly privateKey?: string | undefined;
  /** PEM of the TLS client certificate. */
  readonly certificate?: string | undefined;
};

/** One address of a partner's server, and whom to expect there. */
export type PartnerPlace = {
  readonly host: string;
  readonly port: number;
  readonly login: string;
  readonly credentials: Credentials;
  /** Fingerprints (`SHA256:…`, base64 as OpenSSH prints it) of the host keys or certificates that are approved. */
  readonly trusted: readonly string[];
};

/** What a client is given beside the place. */
export type PartnerContext = {
  readonly clock: Clock;
  /** Told as each step is begun. */
  readonly onStep?: (step: ConnectStep) => void;
  /** Told the fingerprint of whoever answered, approved or not. */
  readonly onSeen?: (fingerprint: string) => void;
};

/** A protocol as a client; failures `unknownHost`, `unreachable`, `untrusted`, `badCredentials`, `timeout`, `linkBroken`, `insecure`. */
export type PartnerClient<S> = (settings: S, place: PartnerPlace, context: PartnerContext) => Attempt<PartnerSession>;

/** `host` or `host:port`, IPv6 in brackets. */
export const partnerAddress = z
  .string()
  .max(300)
  .regex(/^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?$/, 'write host or host:port; IPv6 in brackets')
  .refine((text) => Number(/:(\d+)$/.exec(text.replace(/^\[.*\]/, ''))?.[1] ?? 1) <= 65_535, 'a port is at most 65535');

/** The host and port of an address; the port is `standard` where it names none. */
export const placeOf = (address: string, standard: number): { readonly host: string; readonly port: number } => {
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(address) ?? [];
  return { host: bracketed ?? plain ?? '', port: port === undefined ? standard : Number(port) };
};

/** How to come in at a channel's partner: settings of its protocol, and secrets, which stay in memory. */
export const partnerAccess = z.strictObject({
  channel: plainName,
  protocol: z.string().max(64),
  /** Checked by the protocol itself. */
  settings: z.unknown(),
  hosts: z.array(partnerAddress).min(1).max(10),
  login: z.string().max(128),
  credentials: z.strictObject({
    password: z.string().max(1024).optional(),
    privateKey: z.string().max(65_536).optional(),
    certificate: z.string().max(65_536).optional(),
  }),
  trusted: z.array(z.string().max(128)).max(20),
  sending: sendingRules,
});
export type PartnerAccess = z.infer<typeof partnerAccess>;

/** Our way to the servers of channels' partners: the address that answers first, by the protocol that the access names. */
export interface Partners {
  connect(access: PartnerAccess): Attempt<PartnerSession>;
}

/** A name in a directory of a partner's server. */
export const joinPath = (directory: string, name: string): string =>
  directory.endsWith('/') ? `${directory}${name}` : `${directory}/${name}`;

/** Is it the file that it was: of the same size and, where the server says so, of the same time? */
export const isSameFile = (
  one: Pick<PartnerFile, 'size' | 'modified'>,
  other: Pick<PartnerFile, 'size' | 'modified'>,
): boolean =>
  one.size === other.size &&
  (one.modified === undefined || other.modified === undefined || one.modified === other.modified);
