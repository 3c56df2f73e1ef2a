/** Figures about transfers, as a server counts them. Times are milliseconds since 1970. */

/** How the transfers of one channel stand. Succeeded are those that ended as they should, with so many bytes. */
export type PartnerFigures = {
  readonly channel: string;
  readonly transfers: number;
  readonly open: number;
  readonly held: number;
  readonly succeeded: number;
  readonly bytes: number;
  readonly lastSuccess: number | null;
  readonly lastFailure: number | null;
  /** Why the last one failed. */
  readonly why: string | null;
};

/** What began, ended well (with so many bytes) and failed in one hour of one channel; `hour` is its beginning. */
export type RateFigures = {
  readonly channel: string;
  readonly hour: number;
  readonly began: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly bytes: number;
};
