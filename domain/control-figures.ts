/** What may be asked of a server's read models: the audit, its figures, and the read models themselves. */
import type { AuditFilter, AuditPage } from './audit.ts';
import type { PartnerFigures, RateFigures } from './figures.ts';
import type { Answer } from './intake.ts';

/** Which hours: of one channel or of all, the latest first; times are milliseconds since 1970. */
export type RatesFilter = {
  readonly channel?: string | undefined;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly limit: number;
};

/** A read model as it is. */
export type ProjectionLine = {
  readonly name: string;
  readonly version: number;
  readonly rows: number;
  readonly bytes: number;
  readonly checkpoint: string | null;
  /** Over how many events of the log it has come. */
  readonly passed: number;
  /** How many it is behind the log; of more than a thousand only that. */
  readonly behind: number;
  /** What is counted from its rows. */
  readonly summaries: readonly string[];
  /** The rebuild that runs, waits, or failed last; null where there is none. */
  readonly rebuild: { readonly done: number; readonly of: number; readonly failed: string | null } | null;
};

/** The part of the control surface that reads. */
export interface FiguresControl {
  /** One page of the audit. */
  audit(filter: AuditFilter): Answer<AuditPage>;
  /** By channel; the first `limit` behind one. */
  partners(filter: { readonly after?: string | undefined; readonly limit: number }): Answer<readonly PartnerFigures[]>;
  rates(filter: RatesFilter): Answer<readonly RateFigures[]>;
  projections(): Answer<readonly ProjectionLine[]>;
  /** Starts building read models anew beside the live ones; none named: all. Answers their names. */
  rebuild(names: readonly string[], login: string): Answer<readonly string[]>;
}
