import type { Command } from 'commander';
import { Option } from 'commander';
import type { Terminal } from '../shared/terminal.ts';
import { auditReceipt, type ReceiptOptions } from './audit-receipt.ts';
import { auditVerify, type VerifyOptions } from './audit-verify.ts';
import { configOption, type Done, dataOption, example, fingerprintsOption } from './options.ts';
import type { Program } from './program.ts';

/** The commands of `audit`. */
export const auditCommands = (audit: Command, program: Program, terminal: Terminal, done: Done): void => {
  example(audit.command('receipt <id>'), 'sallyport audit receipt 01jh8 --data var/inner --format text > receipt.txt')
    .description('make a signed receipt of a transfer, of what this server has recorded of it')
    .addOption(dataOption())
    .addOption(configOption())
    .addOption(new Option('--format <format>', 'how').choices(['text', 'json']).default('json'))
    .action((id: string, options: ReceiptOptions) => done(auditReceipt(program, terminal, id, options)));
  example(audit.command('verify <file>'), 'sallyport audit verify receipt.txt --config inner.yaml')
    .description('check a receipt, in either form, and say which key has signed it; needs no server')
    .option('--config <file>', 'a config whose CA vouches for the key')
    .addOption(fingerprintsOption())
    .action((file: string, options: VerifyOptions) => done(auditVerify(program, terminal, file, options)));
};
