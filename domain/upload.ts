/** A complete file under a temporary name: durable, listed, but no transfer until it is renamed. Stream `upload-<id>`. */
import { z } from 'zod';
import { payloadRef } from './payload.ts';
import { who } from './transfer/vocabulary.ts';

const path = z.string().max(4096);

/** What is recorded of an upload. Local: none of it travels. */
export const uploadVocabulary = {
  /** The partner closed the file and got its OK. */
  uploadCompleted: z.strictObject({
    channel: z.string().max(64),
    protocol: z.string().max(64),
    path,
    payload: payloadRef,
    modified: z.number().int(),
    by: who,
  }),
  /** The partner gave it another temporary name, or another time. */
  uploadRenamed: z.strictObject({ path, modified: z.number().int().optional() }),
  /** Renamed to a final name: it is a transfer now. */
  uploadDelivered: z.strictObject({ transfer: z.string() }),
  /** Removed by the partner, or too old. */
  uploadExpired: z.strictObject({}),
} as const;
export type UploadFact = {
  readonly [T in keyof typeof uploadVocabulary]: {
    readonly type: T;
    readonly data: z.infer<(typeof uploadVocabulary)[T]>;
  };
}[keyof typeof uploadVocabulary];

/** The stream of an upload. */
export const uploadStream = (id: string): string => `upload-${id}`;

/** The upload of a stream, or undefined for another category. */
export const uploadOf = (stream: string): string | undefined =>
  stream.startsWith('upload-') ? stream.slice('upload-'.length) : undefined;
