/** What we answer to an SFTP request, and which status each refusal is (draft-ietf-secsh-filexfer-02, section 7). */
import type { Attributes, FileEntry } from 'ssh2';
import type { Refusal, RefusalReason } from '../../domain/failure.ts';
import type { Answer } from '../../domain/intake.ts';

/** Status codes of SFTP version 3. */
export const status = {
  ok: 0,
  eof: 1,
  noSuchFile: 2,
  permissionDenied: 3,
  failure: 4,
  badMessage: 5,
  unsupported: 8,
} as const;

/** One answer to one request. */
export type Reply =
  | { readonly kind: 'status'; readonly code: number; readonly text: string }
  | { readonly kind: 'handle'; readonly handle: Buffer }
  | { readonly kind: 'data'; readonly bytes: Uint8Array }
  | { readonly kind: 'names'; readonly names: FileEntry[] }
  | { readonly kind: 'attributes'; readonly attributes: Attributes };

const reply = (code: number, text: string): Reply => ({ kind: 'status', code, text });

/** It is done. */
export const ok = reply(status.ok, 'OK');
/** There is no more to read. */
export const eof = reply(status.eof, 'end of file');
/** We do not do this at all. */
export const unsupported = (text: string): Reply => reply(status.unsupported, text);
/** The handle names nothing that is open here. */
export const badHandle = reply(status.failure, 'there is no such handle: it was never opened or is already closed');
/** A bug of ours; the log knows more. */
export const defect = reply(status.failure, 'internal error');

const codes: Readonly<Record<RefusalReason, number>> = {
  badCredentials: status.permissionDenied,
  tooManySessions: status.failure,
  tooManyAttempts: status.failure,
  tooLarge: status.failure,
  badName: status.failure,
  notFound: status.noSuchFile,
  exists: status.failure,
  notEmpty: status.failure,
  isDirectory: status.failure,
  notDirectory: status.noSuchFile,
  busy: status.failure,
  noSpace: status.failure,
  unavailable: status.failure,
  notPermitted: status.permissionDenied,
  illegal: status.failure,
  invalid: status.badMessage,
};

/** A refusal as a status. */
export const refused = ({ reason, text }: Refusal): Reply => reply(codes[reason], text.slice(0, 500));

/** Asks the intake, and turns its answer into a reply. */
export const answered = async <A>(answer: Answer<A>, then: (value: A) => Reply | Promise<Reply>): Promise<Reply> => {
  const result = await answer();
  return result._tag === 'Left' ? refused(result.left) : then(result.right);
};
