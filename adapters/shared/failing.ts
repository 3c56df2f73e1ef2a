import type { Failure } from '../../domain/failure.ts';

/** An error that carries a failure: thrown inside an adapter, turned back into the failure at its edge. */
export const failing = (failure: Failure): Error => new Error(failure.text, { cause: failure });

/** The failure that an error carries, if it carries one. */
export const failureIn = (error: unknown): Failure | undefined =>
  error instanceof Error && isFailure(error.cause) ? error.cause : undefined;

/** The operating system's code of an error (`ENOSPC`), if it is one of the operating system's. */
export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && /^E[A-Z0-9]+$/.test(error.code)
    ? error.code
    : undefined;

const isFailure = (cause: unknown): cause is Failure =>
  typeof cause === 'object' && cause !== null && 'kind' in cause && cause.kind === 'failure';
