/** The rules of the tree as functions over files, so that they can be shown planted violations. */
import { posix } from 'node:path';
import ts from 'typescript';

/** Path from the root to content. */
export type Files = ReadonlyMap<string, string>;

/** A file's imports: relative ones as paths from the root, others as they stand; worker files count as imported. */
export type Imports = { readonly files: readonly string[]; readonly packages: readonly string[] };

/** Which folder a file belongs to: `domain`, `actors`, `projections`, `adapters/<folder>`, `adapters` itself, or `spec`. */
export const folderOf = (file: string): string => {
  const [top = '', second = '', third] = file.split('/');
  return top === 'adapters' && third !== undefined ? `adapters/${second}` : top;
};

/** The imports of a file, types included. */
export const importsOf = (file: string, source: string): Imports => {
  const directory = posix.dirname(file);
  const named = ts.preProcessFile(source, true, true).importedFiles.map((each) => each.fileName);
  // A worker is named by its file's name alone, since it is loaded at run time; by custom that ends with -worker.
  const workers = [...source.matchAll(/'([\w-]+-worker)(?:\.[jt]s)?'/g)].map((match) => `./${match[1] ?? ''}.ts`);
  const relative = [...named, ...workers].filter((each) => each.startsWith('.'));
  return {
    files: relative.map((each) => posix.normalize(posix.join(directory, each))),
    packages: named.filter((each) => !each.startsWith('.')),
  };
};

const packageName = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

const pure = ['domain', 'projections', 'actors'];
/** The files that see everything: the composition root in its parts and what checks before it, the registry, the process entry. */
const roots = ['gateway', 'fetching', 'reload', 'audit', 'log-copy', 'check', 'protocols', 'main'].map(
  (name) => `adapters/${name}.ts`,
);

/** Which of our own folders a file may import. */
const mayImport = (file: string, folder: string): boolean => {
  const own = folderOf(file);
  if (folder === 'spec') return own === 'spec';
  if (own === 'spec' || roots.includes(file)) return true;
  if (own === 'domain') return folder === 'domain';
  if (own === 'projections') return ['domain', 'projections'].includes(folder);
  if (own === 'actors') return [...pure].includes(folder);
  return own === folder || ['domain', 'projections', 'adapters/shared'].includes(folder);
};

/** Libraries of the whole tree, by the folders that may use them. Any other belongs to one folder of adapters/. */
const common: Readonly<Record<string, readonly string[]>> = {
  'fp-ts': ['domain', 'projections', 'actors', 'adapters'],
  rxjs: ['domain', 'projections', 'actors', 'adapters'],
  xstate: ['domain', 'actors'],
  zod: ['domain', 'adapters'],
};

/** Libraries whose folder is settled. */
const owners: Readonly<Record<string, string>> = {
  ssh2: 'adapters/sftp',
  'ftp-srv': 'adapters/ftp',
  'smtp-server': 'adapters/smtp',
  nodemailer: 'adapters/smtp',
  '@zone-eu/mailsplit': 'adapters/mime',
  commander: 'adapters/cli',
  yaml: 'adapters/config',
  cborg: 'adapters/messages',
  '@peculiar/x509': 'adapters/shared',
  'reflect-metadata': 'adapters/shared',
  '@photostructure/sqlite': 'adapters/shared',
  '@node-rs/argon2': 'adapters/verifiers',
};

/** Imports that cross a border: of a folder, of the outside world, or of a library. */
export const importViolations = (files: Files): readonly string[] => {
  const owner = new Map(Object.entries(owners));
  return [...files].flatMap(([file, source]) => {
    const own = folderOf(file);
    const { files: ours, packages } = importsOf(file, source);
    const borders = ours.filter((each) => !mayImport(file, folderOf(each))).map((each) => `${file} imports ${each}`);
    if (own === 'spec') return borders;
    const libraries = packages.flatMap((specifier) => {
      if (specifier.startsWith('node:')) return pure.includes(own) ? [`${file} imports ${specifier}`] : [];
      const name = packageName(specifier);
      const allowed = common[name];
      if (allowed !== undefined) {
        const fine = allowed.includes(own.split('/')[0] ?? '') || roots.includes(file);
        return fine ? [] : [`${file} imports ${name}`];
      }
      if (!owner.has(name)) owner.set(name, own);
      const its = owner.get(name) ?? '';
      return its === own && own.startsWith('adapters/') ? [] : [`${file} imports ${name}, which belongs to ${its}`];
    });
    return [...borders, ...libraries];
  });
};

/** What pure code takes from the surroundings instead of a port: time, chance, the process, the console. */
export const impurities = (files: Files): readonly string[] =>
  [...files]
    .filter(([file]) => pure.includes(folderOf(file)))
    .flatMap(([file, source]) =>
      [...withoutComments(source).matchAll(impure)].map((match) => `${file} uses ${match[0].trim()}`),
    );

const impure =
  /(?<![.\w/])(?:Date\.now|new Date\(\)|Math\.random|performance\.now|set(?:Timeout|Interval|Immediate)|process\.|console\.|fetch\(|crypto\.)/g;
const withoutComments = (source: string): string => source.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, '');

/** Circles of imports, each once. */
export const cycles = (files: Files): readonly string[] => {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    const start = path.indexOf(file);
    if (start >= 0) found.push([...path.slice(start), file].join(' → '));
    if (start >= 0 || done.has(file)) return;
    for (const next of importsOf(file, files.get(file) ?? '').files) if (files.has(next)) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of files.keys()) visit(file, []);
  return found;
};

/** Files that the program never loads. */
export const unreachable = (files: Files, entry: string): readonly string[] => {
  const seen = new Set<string>();
  const visit = (file: string): void => {
    if (seen.has(file) || !files.has(file)) return;
    seen.add(file);
    importsOf(file, files.get(file) ?? '').files.forEach(visit);
  };
  visit(entry);
  return [...files.keys()].filter((file) => !seen.has(file));
};

/** Source files that import one that is not there. */
export const dangling = (files: Files): readonly string[] =>
  [...files].flatMap(([file, source]) =>
    importsOf(file, source)
      .files.filter((each) => !files.has(each))
      .map((each) => `${file} imports ${each}, which is not there`),
  );

const linesOf = (source: string): number => source.replace(/\n$/, '').split('\n').length;

/** Breaches of the size budget: median, 95th percentile, and the largest. */
export const oversized = (files: Files): readonly string[] => {
  const sizes = [...files].map(([file, source]) => [file, linesOf(source)] as const).sort((a, b) => a[1] - b[1]);
  const at = (share: number): number => sizes[Math.ceil(sizes.length * share) - 1]?.[1] ?? 0;
  return [
    ...(at(0.5) > 80 ? [`half of the files have more than 80 lines (the median is ${at(0.5)})`] : []),
    ...(at(0.95) > 250
      ? [`more than one in twenty files has over 250 lines (the 95th percentile is ${at(0.95)})`]
      : []),
    ...tooLong(files),
  ];
};

/** Files of more than 400 lines. */
export const tooLong = (files: Files): readonly string[] =>
  [...files]
    .filter(([, source]) => linesOf(source) > 400)
    .map(([file, source]) => `${file} has ${linesOf(source)} lines`);

const folders = ['domain', 'actors', 'adapters', 'projections', 'spec', 'docs', '.ci'];
const notOurs = ['node_modules', 'dist', 'var', 'coverage', '.git'];

/** Folders at the top that the layout does not know. */
export const strangeFolders = (names: readonly string[]): readonly string[] =>
  names.filter((name) => !folders.includes(name) && !notOurs.includes(name));
