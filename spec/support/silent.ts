import type { Log } from '../../domain/ports.ts';

const nothing = (): void => undefined;

/** A log that nobody reads. */
export const silent: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing, alarm: nothing };
