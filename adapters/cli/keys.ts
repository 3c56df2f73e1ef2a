import { isLeft } from 'fp-ts/lib/Either.js';
import type { Role } from '../../domain/role.ts';
import type { ShownKey } from '../shared/key-tools.ts';
import type { Terminal } from '../shared/terminal.ts';
import { exits, type Program } from './program.ts';
import { table } from './table.ts';

/** Makes a CA and the nodes' keys, and for each dmz node the directory that must be carried there. */
export const createKeys = async (
  { keys, clock }: Program,
  terminal: Terminal,
  options: { readonly directory: string; readonly inner: string; readonly dmz: readonly string[] },
): Promise<number> => {
  const { directory } = options;
  const nodes = [nodeOf('inner', options.inner), ...options.dmz.map((each) => nodeOf('dmz', each))];
  const created = await keys.create({ directory, nodes, clock })();
  if (isLeft(created)) return failed(terminal, created.left.text);
  print(terminal, created.right);
  for (const { node, role } of nodes) {
    if (role === 'inner') continue;
    const bundle = await keys.bundle({ directory, node })();
    if (isLeft(bundle)) return failed(terminal, bundle.left.text);
    terminal.out(`${bundle.right} is to be carried to ${node}; everything else, above all ca.key, stays on inner.`);
  }
  return exits.ok;
};

/** Gives one node a new key and certificate. */
export const renewKeys = async (
  { keys, clock }: Program,
  terminal: Terminal,
  { directory, node }: { readonly directory: string; readonly node: string },
): Promise<number> => {
  const renewed = await keys.renew({ directory, node, clock })();
  if (isLeft(renewed)) return failed(terminal, renewed.left.text);
  print(terminal, [renewed.right]);
  terminal.out(
    `Put the new fingerprint into messageService.peers of the servers that speak to ${node}, then restart them.`,
  );
  return exits.ok;
};

/** Prints the certificates of a directory. */
export const showKeys = async (
  { keys, clock }: Program,
  terminal: Terminal,
  { directory, json }: { readonly directory: string; readonly json?: boolean },
): Promise<number> => {
  const shown = await keys.show({ directory, clock })();
  if (isLeft(shown)) return failed(terminal, shown.left.text);
  if (json === true) terminal.out(JSON.stringify(shown.right));
  else print(terminal, shown.right);
  return exits.ok;
};

const nodeOf = (role: Role, text: string) => {
  const [node = '', hosts = ''] = text.split('=', 2);
  return { role, node, hosts: hosts.split(',').filter((host) => host !== '') };
};

const print = (terminal: Terminal, keys: readonly ShownKey[]): void => {
  const rows = keys.map(({ file, node, role, fingerprint, notAfter, daysLeft }) => [
    ...[file, node, role, fingerprint],
    `${new Date(notAfter).toISOString().slice(0, 10)} (${daysLeft} days)`,
  ]);
  for (const line of table(['FILE', 'NODE', 'ROLE', 'FINGERPRINT', 'VALID UNTIL'], rows)) terminal.out(line);
};

const failed = (terminal: Terminal, text: string): number => {
  terminal.error(`sallyport: ${text}`);
  return exits.failed;
};
