/** What commands need of the keys; the keys themselves are made elsewhere. */
import type { Attempt } from '../../domain/failure.ts';
import type { Clock } from '../../domain/ports.ts';
import type { Role } from '../../domain/role.ts';

/** A certificate as people see it; times are milliseconds since 1970. */
export type ShownKey = {
  readonly file: string;
  readonly node: string;
  readonly role: Role | 'ca';
  readonly fingerprint: string;
  readonly notAfter: number;
  readonly daysLeft: number;
};

/** Makes, renews and shows the keys of a directory; nothing is ever overwritten. */
export type KeyTools = {
  readonly create: (options: {
    readonly directory: string;
    readonly nodes: readonly { readonly role: Role; readonly node: string; readonly hosts: readonly string[] }[];
    readonly clock: Clock;
  }) => Attempt<readonly ShownKey[]>;
  readonly bundle: (options: { readonly directory: string; readonly node: string }) => Attempt<string>;
  readonly renew: (options: {
    readonly directory: string;
    readonly node: string;
    readonly clock: Clock;
  }) => Attempt<ShownKey>;
  readonly show: (options: { readonly directory: string; readonly clock: Clock }) => Attempt<readonly ShownKey[]>;
};
