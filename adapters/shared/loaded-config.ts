import type { Config } from '../../domain/config.ts';
import type { Credentials } from '../../domain/partner.ts';

/** A config as a server starts from it: decoded, its paths absolute, its key files read. Secrets and keys stand apart, so that printing `config` prints none. */
export type LoadedConfig = {
  readonly file: string;
  readonly config: Config;
  /** Channel name to password. */
  readonly secrets: ReadonlyMap<string, string>;
  /** Channel name to whom we are at its partner's server. */
  readonly credentials: ReadonlyMap<string, Credentials>;
  /** The connection string of the event log with its password; absent where the log is in the data directory. */
  readonly eventLog?: string | undefined;
  /** PEM texts. */
  readonly tls: { readonly ca: string; readonly certificate: string; readonly key: string };
};
