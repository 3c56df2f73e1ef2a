/** A partner's communication settings. Lives on inner; dmz gets what it needs to let the partner in, and no secret. */
import { z } from 'zod';
import { globMatches } from './glob.ts';
import { mailRules } from './mail.ts';
import { who } from './transfer/vocabulary.ts';

/** A name in config: lower-case letters, digits, `-` and `_`. */
export const plainName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'lower-case letters, digits, "-" and "_", at most 63');

/** SHA-256 over a certificate in DER, as `sallyport keys show` prints it, too. */
export const certificateFingerprint = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/, 'sha256: and 64 lower-case hex digits: the SHA-256 of the certificate in DER');

/** What dmz knows of a channel. */
export const replicatedChannel = z.strictObject({
  name: plainName,
  /** Absent: nobody logs in, but mail may come. */
  login: z.string().min(1).max(128).optional(),
  /** argon2id string; absent: no login by password. */
  verifier: z.string().max(512).optional(),
  /** `<type> <base64>`, as in authorized_keys without the comment. */
  publicKeys: z.array(z.string().max(16_384)).max(20),
  /** TLS client certificates that log in without a password. Absent in what was recorded before there were any. */
  clientCertificates: z.array(certificateFingerprint).max(20).default([]),
  temporaryNames: z.array(z.string().max(255)).max(50),
  /** When a file is complete: at its close, at its rename, or when a file named after it with `markerSuffix` follows. */
  completeOn: z.enum(['close', 'rename', 'marker']),
  markerSuffix: z.string().min(1).max(32),
  /** Largest payload in bytes. */
  maxSize: z.number().int().positive(),
  maxSessions: z.number().int().positive(),
  /** Absent: it takes no mail. */
  mail: mailRules.optional(),
});
export type ReplicatedChannel = z.infer<typeof replicatedChannel>;

/** Is a file of this name still being written, by the channel's convention? It makes no transfer until it is renamed. */
export const isTemporaryName = (channel: ReplicatedChannel, name: string): boolean =>
  channel.temporaryNames.some((pattern) => globMatches(pattern, name));

/** Is a file of this name a transfer as soon as it is closed? */
export const completesOnClose = (channel: ReplicatedChannel, name: string): boolean =>
  channel.completeOn === 'close' && !isTemporaryName(channel, name);

/** The path of the file whose completion this path marks; undefined where it is no marker. */
export const markedBy = (channel: ReplicatedChannel, path: string): string | undefined =>
  channel.completeOn === 'marker' && path.endsWith(channel.markerSuffix)
    ? path.slice(0, -channel.markerSuffix.length)
    : undefined;

/** What is recorded in the stream `channel-<name>` of a dmz. Local: these never travel. */
export const channelVocabulary = {
  /** Inner's present settings of the channel. */
  channelReplicated: z.strictObject({ channel: replicatedChannel, epoch: z.string(), counter: z.number().int() }),
  /** Inner does not show the channel any more. */
  channelRemoved: z.strictObject({ epoch: z.string(), counter: z.number().int() }),
  /** The partner made a directory in its home. */
  directoryMade: z.strictObject({ path: z.string().max(4096), by: who.optional() }),
  /** The partner removed a directory of its home. */
  directoryRemoved: z.strictObject({ path: z.string().max(4096), by: who.optional() }),
} as const;

/** What is recorded in the stream `channel-<name>` of an inner. Local, too. */
export const trustVocabulary = {
  /** A person has approved who answers at the partner's server: these, and none else. */
  partnerTrusted: z.strictObject({ fingerprints: z.array(z.string().max(128)).max(20), by: z.string().max(128) }),
} as const;

/** The stream of a channel. */
export const channelStream = (name: string): string => `channel-${name}`;

/** The channel of a stream, or undefined for another category. */
export const channelOf = (stream: string): string | undefined =>
  stream.startsWith('channel-') ? stream.slice('channel-'.length) : undefined;
