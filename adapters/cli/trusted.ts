import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js';
import type { Trust } from '../shared/audit-tools.ts';
import { printable } from '../shared/printable.ts';
import { readText } from '../shared/read-file.ts';
import type { Terminal } from '../shared/terminal.ts';
import { exits, type Program } from './program.ts';
import { wrongConfig } from './serve.ts';

const longestCa = 1024 ** 2;

/** Whose signatures are taken: those of the fingerprints, else those under the CA of a config, else any; with the config's node. Or the exit code, once it was said what is wrong. */
export const trusted = async (
  program: Program,
  terminal: Terminal,
  { config, fingerprint: fingerprints }: { readonly config?: string; readonly fingerprint: readonly string[] },
): Promise<Either<number, Trust & { readonly node?: string }>> => {
  if (config === undefined) return right({ fingerprints });
  const decoded = await program.decode(config, program.protocols);
  if (isLeft(decoded)) return left(wrongConfig(terminal, config, decoded.left));
  const { node, messageService } = decoded.right;
  try {
    return right({ fingerprints, node, ca: await readText(messageService.ca, longestCa) });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    terminal.error(printable(`sallyport: ${messageService.ca}: ${why}`));
    return left(exits.failed);
  }
};
