/** What the commands are made of. Handed in by the process entry, so that no command knows how anything is built. */
import type { Either } from 'fp-ts/lib/Either.js';
import type { Config, Problem } from '../../domain/config.ts';
import type { Control } from '../../domain/control.ts';
import type { Owners } from '../../domain/picture/owners.ts';
import type { Clock, Log } from '../../domain/ports.ts';
import type { Protocol } from '../../domain/protocol.ts';
import type { AuditTools } from '../shared/audit-tools.ts';
import type { KeyTools } from '../shared/key-tools.ts';
import type { LoadedConfig } from '../shared/loaded-config.ts';
import type { CopyLog } from '../shared/log-copy.ts';
import type { Terminal } from '../shared/terminal.ts';

/** A running server; `closed` gives its exit code. */
export type Gateway = {
  readonly control: Control;
  readonly closed: Promise<number>;
  stop(): Promise<void>;
};

/** The program behind the commands. */
export type Program = {
  readonly protocols: readonly Protocol[];
  readonly load: (file: string, protocols: readonly Protocol[]) => Promise<Either<readonly Problem[], LoadedConfig>>;
  readonly dataOf: (file: string, protocols: readonly Protocol[]) => Promise<Either<readonly Problem[], string>>;
  /** Decodes a config without what it names. */
  readonly decode: (file: string, protocols: readonly Protocol[]) => Promise<Either<readonly Problem[], Config>>;
  /** Starts a server, or says in one sentence why it cannot. */
  readonly start: (loaded: LoadedConfig, log: Log) => Promise<Either<string, Gateway>>;
  /** What is wrong beyond the config's own shape. */
  readonly check: (loaded: LoadedConfig) => Promise<readonly Problem[]>;
  readonly keys: KeyTools;
  readonly copyLog: CopyLog;
  readonly controlClient: (data: string) => Control;
  readonly audit: AuditTools;
  readonly demo: (options: {
    readonly data: string;
    readonly portOffset: number;
    readonly eventLog?: string;
    readonly terminal: Terminal;
  }) => Promise<number>;
  /** Who owns which state of a transfer. */
  readonly owners: Owners;
  readonly clock: Clock;
};

/** Exit codes, the same for every command. `defect` is EX_SOFTWARE of sysexits(3). */
export const exits = { ok: 0, failed: 1, wrong: 2, defect: 70 } as const;
