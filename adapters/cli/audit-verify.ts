import { isLeft } from 'fp-ts/lib/Either.js';
import { readReceipt, receiptText } from '../../domain/receipt.ts';
import { printable } from '../shared/printable.ts';
import { readText } from '../shared/read-file.ts';
import type { Terminal } from '../shared/terminal.ts';
import { packed } from './audit-receipt.ts';
import { exits, type Program } from './program.ts';
import { trusted } from './trusted.ts';

export type VerifyOptions = { readonly config?: string; readonly fingerprint: readonly string[] };

const longestReceipt = 16 * 1024 ** 2;

/** Says whether a receipt is as a node has signed it, and with which key. */
export const auditVerify = async (
  program: Program,
  terminal: Terminal,
  file: string,
  options: VerifyOptions,
): Promise<number> => {
  const no = (why: string): number => {
    terminal.error(printable(`sallyport: ${file}: ${why}`));
    return exits.failed;
  };
  const trust = await trusted(program, terminal, options);
  if (isLeft(trust)) return trust.left;
  const text = await readText(file, longestReceipt).catch((error: unknown) => error);
  if (typeof text !== 'string') return no(text instanceof Error ? text.message : String(text));
  const read = readReceipt(text, packed, (each) => Buffer.from(each, 'base64').toString());
  if (isLeft(read)) return no(read.left.text);
  const { node, role, at, transfer, certificate, signature } = read.right;
  const { signedBy, fingerprint } = program.audit.trusting(trust.right);
  if (!signedBy(node, receiptText(read.right), signature, certificate))
    return no(`it is not as a key of ${node} signed it`);
  const isKnown = trust.right.ca !== undefined || trust.right.fingerprints.length > 0;
  terminal.out(
    printable(
      `${file}: receipt of ${role} ${node} of ${new Date(at).toISOString()} for ${transfer.name}, ${transfer.size} bytes, sha256 ${transfer.sha256}: ${transfer.state}`,
      2_000,
    ),
  );
  terminal.out(
    `signed by ${fingerprint(certificate)}${isKnown ? '' : '; compare it with what the owner of the server says'}`,
  );
  return exits.ok;
};
