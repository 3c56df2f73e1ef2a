/** How the key commands say no. */
import { type Failure, permanent } from '../../domain/failure.ts';

/** An error that carries its failure to the edge of the adapter. */
export const failing = (code: string, text: string): Error => new Error(text, { cause: permanent(code, text) });

/** The failure that an error of the key commands carries; anything else is the file system's own words. */
export const explain = (error: unknown): Failure => {
  const cause = error instanceof Error ? error.cause : undefined;
  if (typeof cause === 'object' && cause !== null && 'kind' in cause && cause.kind === 'failure')
    return cause as Failure;
  return permanent('keys', error instanceof Error ? error.message : String(error));
};
