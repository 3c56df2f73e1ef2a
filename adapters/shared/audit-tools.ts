/** What commands need to look into an event log; how that is done is known elsewhere. */
import type { Either } from 'fp-ts/lib/Either.js';
import type { Verdict } from '../../domain/chain-check.ts';
import type { Signatures } from '../../domain/ports.ts';

/** Whose signatures are taken: those of these certificates, else those under a CA (PEM), else any. */
export type Trust = { readonly ca?: string | undefined; readonly fingerprints: readonly string[] };

/** Which log. */
export type AskedLog = Trust & {
  readonly data: string;
  /** The node whose segments they are; absent: the server's own. */
  readonly node?: string | undefined;
};

/** How a log was found, and the fingerprints of the certificates that signed it. */
export type Verified = { readonly verdict: Verdict; readonly signers: readonly string[] };

/** Reads event logs beside the server, or while none runs; never writes. A sentence says why it cannot. */
export type AuditTools = {
  /** `copy` names a file of segments that another server has kept. */
  readonly verify: (
    asked: AskedLog,
    copy: string | undefined,
    progress: (events: number) => void,
  ) => Promise<Either<string, Verified>>;
  /** The segments of a node, one JSON text each, as they are to stand in such a file. */
  readonly segments: (
    asked: Pick<AskedLog, 'data' | 'node'>,
    write: (line: string) => void,
  ) => Promise<Either<string, number>>;
  /** How signatures are checked, and the fingerprint of a certificate (DER, base64). */
  readonly trusting: (
    trust: Trust,
  ) => Pick<Signatures, 'signedBy'> & { readonly fingerprint: (certificate: string) => string };
};
