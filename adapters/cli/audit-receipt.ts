import { receiptWords } from '../../domain/receipt.ts';
import type { Terminal } from '../shared/terminal.ts';
import type { Program } from './program.ts';
import { type Asked, ask } from './transfers.ts';

export type ReceiptOptions = Asked & { readonly format: 'text' | 'json' };

/** How a receipt stands within its text form. */
export const packed = (text: string): string => Buffer.from(text).toString('base64');

/** Prints the receipt of a transfer. */
export const auditReceipt = (
  program: Program,
  terminal: Terminal,
  id: string,
  options: ReceiptOptions,
): Promise<number> =>
  ask(
    program,
    terminal,
    { ...options, json: false },
    (control) => control.receipt(id),
    (made) => (options.format === 'json' ? [JSON.stringify(made, null, 2)] : receiptWords(made, packed)),
  );
