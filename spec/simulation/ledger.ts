/** What the partners sent and what they were told: the books against which the end is held. */

/** How far a content came: `sent` was never completed, `asked` got no OK, `accepted` got it. */
export type Standing = 'sent' | 'asked' | 'accepted';

/** A content that a partner sent; no two are alike. */
export type Sent = { readonly content: string; standing: Standing };

/** The books of one schedule. */
export type Ledger = {
  /** A new content of this size, at least. */
  write(size: number): Sent;
  readonly all: ReadonlyMap<string, Sent>;
  /** A promise to the partner that was not kept. */
  complain(what: string): void;
  readonly complaints: readonly string[];
};

/** Empty books. */
export const openLedger = (): Ledger => {
  const all = new Map<string, Sent>();
  const complaints: string[] = [];
  return {
    all,
    complaints,
    complain: (what) => complaints.push(what),
    write: (size) => {
      const sent: Sent = { content: `<file ${all.size}>`.padEnd(size, 'x'), standing: 'sent' };
      all.set(sent.content, sent);
      return sent;
    },
  };
};
