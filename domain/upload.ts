/**
 * A file on its way in that is no transfer yet: cut off in the middle (it may be resumed), or complete under a name that
 * says so. Stream `upload-<id>`; its payload and the transfer that it becomes bear the same id.
 */
import { z } from 'zod';
import { payloadRef } from './payload.ts';
import { who } from './transfer/vocabulary.ts';

const path = z.string().max(4096);

/** What is recorded of an upload. Local: none of it travels. */
export const uploadVocabulary = {
  /** Some of it is here: found again by a later session, also after a restart. */
  uploadOpened: z.strictObject({ channel: z.string().max(64), protocol: z.string().max(64), path, by: who }),
  /** The partner closed the file and got its OK; it waits for its final name, or for its marker. */
  uploadCompleted: z.strictObject({ payload: payloadRef, modified: z.number().int() }),
  /** The partner gave it another temporary name, or another time. */
  uploadRenamed: z.strictObject({ path, modified: z.number().int().optional(), by: who.optional() }),
  /** It is a transfer now. */
  uploadDelivered: z.strictObject({ transfer: z.string() }),
  /** Removed or replaced by the partner, who is told then, or too old; its payload is gone. */
  uploadExpired: z.strictObject({ by: who.optional() }),
} as const;

export type UploadData<T extends keyof typeof uploadVocabulary> = z.infer<(typeof uploadVocabulary)[T]>;

/** An event of an upload, before it is recorded. */
export type UploadFact = {
  readonly [T in keyof typeof uploadVocabulary]: { readonly type: T; readonly data: UploadData<T> };
}[keyof typeof uploadVocabulary];

/** The stream of an upload. */
export const uploadStream = (id: string): string => `upload-${id}`;

/** The upload of a stream, or undefined for another category. */
export const uploadOf = (stream: string): string | undefined =>
  stream.startsWith('upload-') ? stream.slice('upload-'.length) : undefined;
