/** The keys of the message service: a private CA, which stays on inner, and one certificate a node. */
import { X509Certificate } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Attempt } from '../../domain/failure.ts';
import type { Clock } from '../../domain/ports.ts';
import type { Role } from '../../domain/role.ts';
import { attempt } from '../shared/attempt.ts';
import { fingerprintOf, type KeyNode, makeCa, makeNode, type Pair, readNode } from '../shared/certificates.ts';
import { explain, failing } from './failures.ts';
import { exists, type KeyFile, readKeyFile, replaceKeepingOld, writeNew } from './files.ts';

export type { KeyNode };

/** A certificate as `sallyport keys show` prints it; the fingerprint is what the other server's config holds. */
export type ShownKey = {
  readonly file: string;
  readonly node: string;
  readonly role: Role | 'ca';
  readonly fingerprint: string;
  readonly notAfter: number;
  readonly daysLeft: number;
};

const filesOf = (name: string, pair: Pair): readonly KeyFile[] => [
  { name: `${name}.key`, text: pair.key, secret: true },
  { name: `${name}.crt`, text: pair.certificate, secret: false },
];

const readCa = async (directory: string): Promise<Pair> => ({
  certificate: await readKeyFile(directory, 'ca.crt'),
  key: await readKeyFile(directory, 'ca.key'),
});

/** Makes the CA, unless the directory has one, and a certificate for each node; refuses to overwrite anything. */
export const createKeys = (options: {
  readonly directory: string;
  readonly nodes: readonly KeyNode[];
  readonly clock: Clock;
}): Attempt<readonly ShownKey[]> =>
  attempt(async () => {
    const { directory, nodes, clock } = options;
    if (nodes.some(({ node }) => node === 'ca'))
      throw failing('invalid', 'A node cannot be named "ca": the files of the CA bear that name.');
    const present = (await exists(join(directory, 'ca.crt'))) || (await exists(join(directory, 'ca.key')));
    const ca = present ? await readCa(directory) : await makeCa(clock.now());
    const made: KeyFile[] = present ? [] : [...filesOf('ca', ca)];
    for (const node of nodes) made.push(...filesOf(node.node, await makeNode(ca, node, clock.now())));
    await writeNew(directory, made);
    return show(directory, clock.now());
  }, explain);

/** Puts together what must be carried to a dmz node, in `bundle-<node>/`; never the CA's key. Answers the directory. */
export const bundle = (options: { readonly directory: string; readonly node: string }): Attempt<string> =>
  attempt(async () => {
    const { directory, node } = options;
    const target = join(directory, `bundle-${node}`);
    const certificate = await readKeyFile(directory, `${node}.crt`);
    if (readNode(certificate)?.role !== 'dmz')
      throw failing('invalid', `${node} is not a dmz node: its keys stay where they are.`);
    if (await exists(target))
      throw failing('exists', `${target} exists already; carry it to ${node}, remove it here, then ask again.`);
    await writeNew(target, [
      { name: 'ca.crt', text: await readKeyFile(directory, 'ca.crt'), secret: false },
      ...filesOf(node, { certificate, key: await readKeyFile(directory, `${node}.key`) }),
    ]);
    return target;
  }, explain);

/** Makes a new key and certificate for a node, same names and CA; the former ones stay as `.old`. */
export const renewKeys = (options: {
  readonly directory: string;
  readonly node: string;
  readonly clock: Clock;
}): Attempt<ShownKey> =>
  attempt(async () => {
    const { directory, node, clock } = options;
    const described = readNode(await readKeyFile(directory, `${node}.crt`));
    if (described?.node !== node)
      throw failing('invalid', `${join(directory, `${node}.crt`)} is not the certificate of a node named ${node}.`);
    const pair = await makeNode(await readCa(directory), described, clock.now());
    await replaceKeepingOld(directory, filesOf(node, pair));
    return shown(`${node}.crt`, pair.certificate, clock.now());
  }, explain);

/** Every certificate of the directory, the CA first. */
export const showKeys = (options: {
  readonly directory: string;
  readonly clock: Clock;
}): Attempt<readonly ShownKey[]> => attempt(() => show(options.directory, options.clock.now()), explain);

const show = async (directory: string, now: number): Promise<readonly ShownKey[]> => {
  if (!(await exists(directory))) throw failing('notFound', `There is no directory ${directory}.`);
  const names = (await readdir(directory)).filter((name) => name.endsWith('.crt') && !name.startsWith('.'));
  const keys: ShownKey[] = [];
  for (const name of names) keys.push(shown(name, await readKeyFile(directory, name), now));
  return keys.sort((a, b) => Number(b.role === 'ca') - Number(a.role === 'ca') || a.file.localeCompare(b.file));
};

const shown = (file: string, pem: string, now: number): ShownKey => {
  const described = readNode(pem);
  const notAfter = Date.parse(new X509Certificate(pem).validTo);
  return {
    file,
    node: described?.node ?? file.replace(/\.crt$/, ''),
    role: described?.role ?? 'ca',
    fingerprint: fingerprintOf(pem),
    notAfter,
    daysLeft: Math.floor((notAfter - now) / 86_400_000),
  };
};
