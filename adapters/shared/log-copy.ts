/** Moving an event log, as the commands see it. */
import type { Either } from 'fp-ts/lib/Either.js';
import type { Problem } from '../../domain/config.ts';

/** How far it is. `of`: all of them, once they have been counted. */
export type CopyProgress = {
  readonly phase: 'comparing' | 'copying' | 'verifying';
  readonly done: number;
  readonly of: number | undefined;
};

/** What a log holds: how many events, and SHA-256 over each with its place in the order. */
export type LogContent = { readonly events: number; readonly sha256: string };

/** What has become of a copy; it is complete only where both contents are equal. `before`: so many events were there already. */
export type Copied = {
  readonly before: number;
  readonly source: LogContent;
  readonly target: LogContent;
};

/** Why nothing could be copied, or no more: a sentence, or the problems of a config. */
export type NotCopied = string | { readonly file: string; readonly problems: readonly Problem[] };

/** Copies a log. A place is a server's config, a data directory or a connection string of EventStoreDB. */
export type CopyLog = (options: {
  readonly from: string;
  readonly to: string;
  readonly signal: AbortSignal;
  readonly progress: (progress: CopyProgress) => void;
}) => Promise<Either<NotCopied, Copied>>;
