/** A partner's own server, as we are its client: what a protocol does there, and what a channel says about it. */
import { z } from 'zod';
import { plainName } from './channel.ts';
import type { Attempt } from './failure.ts';
import type { Clock } from './ports.ts';
import { secret } from './secret.ts';
import { sendingRules } from './sending.ts';
import { duration } from './units.ts';

/** A file in a directory of a partner's server; `modified` in milliseconds since 1970, absent where the server does not say. */
export const partnerFile = z.strictObject({
  path: z.string().max(4096),
  name: z.string().max(255),
  size: z.number().int().nonnegative(),
  modified: z.number().int().optional(),
});
export type PartnerFile = z.infer<typeof partnerFile>;

/** What a directory holds; `skipped` counts the files whose names cannot be names here (`isPartnerFileName`). */
export type PartnerListing = { readonly files: readonly PartnerFile[]; readonly skipped: number };

/** The most files that a directory may hold; one that holds more is not listed at all. */
export const mostFiles = 100_000;

/**
 * May a server's word for a file be a file's name? It is data from outside: no slash, no control character, nothing
 * that means a directory, and nothing that was not UTF-8.
 */
export const isPartnerFileName = (name: string): boolean =>
  name !== '' && name !== '.' && name !== '..' && name.length <= 1024 && !unfit.test(name);

// biome-ignore lint/suspicious/noControlCharactersInRegex: refusing them is the point
const unfit = /[/\u0000-\u001f\u007f-\u009f\ufffd]/;

/**
 * One session at a partner's server; paths are absolute. Every call has a deadline of its own; whatever ends the session
 * is the failure of all that waits for it and of every later call. A path that no server can be asked about is the
 * failure `badName`. Not for two calls at once.
 */
export interface PartnerSession {
  /** The plain files of a directory, by name; directories, links and special files are left out. Failures `notFound`, `notPermitted`, `tooMany`. */
  list(directory: string): Attempt<PartnerListing>;
  /** One plain file's facts, undefined where there is none of this name. */
  look(path: string): Attempt<PartnerFile | undefined>;
  /**
   * The bytes from `start` on; the iteration throws an error whose `cause` is the failure where the session breaks or
   * the end was not a clean one. Who stops reading before the end ends the session. Failures `notFound`, `notPermitted`.
   */
  read(path: string, start: number): Attempt<AsyncIterable<Uint8Array>>;
  /**
   * Writes the file from its beginning, replacing what has this name. Answers once the server has confirmed the end;
   * `outcomeUnknown` where the session broke after the last byte. Where the bytes themselves fail, their failure is given
   * and the session ends, so that nobody takes the part for the whole.
   */
  write(path: string, bytes: AsyncIterable<Uint8Array>): Attempt<void>;
  /** Gives a file another name and replaces nothing: failures `exists`, `notFound`, `notPermitted`, `outcomeUnknown` where no answer came. */
  rename(from: string, to: string): Attempt<void>;
  /** Removes a file. Failures `notFound`, `notPermitted`, `outcomeUnknown`. */
  remove(path: string): Attempt<void>;
  /**
   * Where there is this, nothing can be looked at over there, and a file is handed over whole, by one call in a session,
   * under its own name at once; answers the name by which it is known there. `id` names the try as the one that it
   * repeats. `outcomeUnknown` where no answer came and a repetition might do harm.
   */
  handOver?(
    file: { readonly path: string; readonly id: string; readonly size: number },
    bytes: AsyncIterable<Uint8Array>,
  ): Attempt<string>;
  /** Ends it at any time, at once; what is running fails with `closed`. */
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
  /** PEM of the authorities that may vouch for the server, instead of the well-known ones; no secret, but read with them. */
  readonly authorities?: string | undefined;
};

/** One address of a partner's server, and whom to expect there. */
export type PartnerPlace = {
  /** The channel's name, for what a person is told. */
  readonly channel: string;
  readonly host: string;
  readonly port: number;
  readonly login: string;
  readonly credentials: Credentials;
  /** Fingerprints (`SHA256:…`, base64 as OpenSSH prints it) of the host keys or certificates that are approved. */
  readonly trusted: readonly string[];
};

/** What a certificate says of itself; `notAfter` in milliseconds since 1970. */
export type SeenCertificate = { readonly subject: string; readonly notAfter: number };

/** What a client is given beside the place. */
export type PartnerContext = {
  readonly clock: Clock;
  /** How long coming in may take, login included (milliseconds, default 30 s). */
  readonly connectTimeout?: number | undefined;
  /** Told as each step is begun. */
  readonly onStep?: (step: ConnectStep) => void;
  /** Told the fingerprint of whoever answered, approved or not; and where it is a certificate's, whose that is. */
  readonly onSeen?: (fingerprint: string, certificate?: SeenCertificate) => void;
};

/** A protocol as a client; failures `unknownHost`, `unreachable`, `untrusted`, `badCredentials`, `timeout`, `linkBroken`, `insecure`. */
export type PartnerClient<S> = (settings: S, place: PartnerPlace, context: PartnerContext) => Attempt<PartnerSession>;

/** A protocol's client, its settings type closed over. Settings may hold more than the schema says: the common ones. */
export type PartnerProtocol = {
  /** Schema of what a channel's `partner` section says for this protocol alone, `protocol` included. */
  readonly settings: z.ZodObject;
  /** The standard port. */
  port(settings: unknown): number;
  /** First and last port of data connections that such servers may choose, where the protocol has such. */
  readonly dataPorts?: readonly [number, number];
  /** Files can be sent there, and none can be fetched: its sessions have `handOver`. */
  readonly sendsOnly?: true;
  /** Why settings that are each well-formed do not go together; undefined where they do. */
  readonly objection?: (settings: unknown) => string | undefined;
  readonly connect: PartnerClient<unknown>;
};

/** Makes a protocol's client from one that takes its own settings type. */
export const partnerProtocol = <S extends z.ZodObject>(definition: {
  readonly settings: S;
  readonly port: (settings: z.infer<S>) => number;
  readonly dataPorts?: readonly [number, number];
  readonly sendsOnly?: true;
  readonly objection?: (settings: z.infer<S>) => string | undefined;
  readonly connect: PartnerClient<z.infer<S>>;
}): PartnerProtocol => {
  const { objection } = definition;
  const own = (settings: unknown): z.infer<S> => definition.settings.strip().parse(settings) as z.infer<S>;
  return {
    settings: definition.settings,
    ...(definition.dataPorts === undefined ? {} : { dataPorts: definition.dataPorts }),
    ...(definition.sendsOnly === undefined ? {} : { sendsOnly: definition.sendsOnly }),
    ...(objection === undefined ? {} : { objection: (settings: unknown) => objection(own(settings)) }),
    port: (settings) => definition.port(own(settings)),
    connect: (settings, place, context) => definition.connect(own(settings), place, context),
  };
};

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
    authorities: z.string().max(1_048_576).optional(),
  }),
  trusted: z.array(z.string().max(128)).max(20),
  sending: sendingRules,
});
export type PartnerAccess = z.infer<typeof partnerAccess>;

/** Our way to the servers of channels' partners: the address that answers first, by the protocol that the access names. */
export interface Partners {
  connect(access: PartnerAccess, watch?: Pick<PartnerContext, 'onStep' | 'onSeen'>): Attempt<PartnerSession>;
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

/** A fingerprint of a host key or a certificate. */
export const partnerFingerprint = z
  .string()
  .regex(/^SHA256:[A-Za-z0-9+/]{43}$/, 'SHA256: and 43 characters, as OpenSSH prints a fingerprint');

/** What every channel's `partner` section says, whatever its protocol; spread into one strict schema with the protocol's own. */
export const partnerBase = {
  hosts: z
    .array(partnerAddress)
    .min(1, 'name at least one host')
    .max(10)
    .describe("Addresses of the partner's server, tried in turn."),
  login: z.string().min(1).max(255).describe('Whom we log in as.'),
  password: secret.optional().describe('The password, by environment or file.'),
  privateKey: secret.optional().describe('Our private key in PEM, by environment or file.'),
  trusted: z
    .array(partnerFingerprint)
    .max(20)
    .default([])
    .describe(
      'Fingerprints of the host keys or certificates that are approved, besides those of `sallyport channels trust`.',
    ),
  sending: sendingRules.prefault({}),
  connectTimeout: duration.prefault('30s').describe('How long connecting and logging in may take.'),
};
