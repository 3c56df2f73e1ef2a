/** A partner's directory tree in memory. */
import { type Either, left, right } from 'fp-ts/lib/Either.js';
import { type Refusal, refusal } from '../../domain/failure.ts';
import type { Entry } from '../../domain/intake.ts';
import { baseName, parentOf } from '../../domain/path.ts';

export type Node = { kind: 'file' | 'directory'; bytes: Buffer; size: number; modified: number };
type Result<A> = Either<Refusal, A>;

/** Paths here are normal. */
export type Home = {
  readonly nodes: Map<string, Node>;
  /** What there is of uploads that were abandoned. */
  readonly partials: Map<string, Buffer>;
  readonly find: (path: string) => Result<Node>;
  readonly list: (path: string) => Result<readonly Entry[]>;
  readonly entry: (path: string) => Result<Entry>;
  /** `size` larger than the bytes makes a file of zeroes that takes no memory. */
  readonly putFile: (path: string, bytes: Buffer, modified?: number, size?: number) => void;
  readonly makeDirectory: (path: string) => Result<void>;
  readonly remove: (path: string, kind: Node['kind']) => Result<void>;
  readonly rename: (from: string, to: string, replace: boolean) => Result<void>;
};

const no = (reason: Refusal['reason'], text: string): Either<Refusal, never> => left(refusal(reason, text));
const done = right(undefined);

/** An empty home. */
export const memoryHome = (): Home => {
  const partials = new Map<string, Buffer>();
  const nodes = new Map<string, Node>([['/', { kind: 'directory', bytes: Buffer.alloc(0), size: 0, modified: 0 }]]);
  const find = (path: string): Result<Node> => {
    const node = nodes.get(path);
    return node === undefined ? no('notFound', `${path} does not exist`) : right(node);
  };
  const entryOf = (path: string, { kind, size, modified }: Node): Entry => ({
    name: baseName(path),
    kind,
    size,
    modified,
  });
  const children = (path: string): [string, Node][] =>
    [...nodes].filter(([each]) => each !== '/' && parentOf(each) === path);
  const parentMissing = (path: string): boolean => nodes.get(parentOf(path))?.kind !== 'directory';

  return {
    nodes,
    partials,
    find,
    list: (path) => {
      const node = nodes.get(path);
      if (node === undefined) return no('notFound', `${path} does not exist`);
      if (node.kind === 'file') return no('notDirectory', `${path} is a file`);
      return right(children(path).map(([each, child]) => entryOf(each, child)));
    },
    entry: (path) => {
      const node = nodes.get(path);
      if (node !== undefined) return right(entryOf(path, node));
      const partial = partials.get(path);
      return partial === undefined
        ? no('notFound', `${path} does not exist`)
        : right({ name: baseName(path), kind: 'file', size: partial.length, modified: 0, incomplete: true });
    },
    putFile: (path, bytes, modified = 0, size = bytes.length) => {
      nodes.set(path, { kind: 'file', bytes, size, modified });
    },
    makeDirectory: (path) => {
      if (nodes.has(path)) return no('exists', `${path} already exists`);
      if (parentMissing(path)) return no('notFound', `the directory of ${path} does not exist`);
      nodes.set(path, { kind: 'directory', bytes: Buffer.alloc(0), size: 0, modified: 0 });
      return done;
    },
    remove: (path, kind) => {
      const node = nodes.get(path);
      if (node === undefined) return no('notFound', `${path} does not exist`);
      if (node.kind !== kind) return no(kind === 'file' ? 'isDirectory' : 'notDirectory', `${path} is a ${node.kind}`);
      if (children(path).length > 0) return no('notEmpty', `${path} is not empty`);
      nodes.delete(path);
      return done;
    },
    rename: (from, to, replace) => {
      const node = nodes.get(from);
      if (node === undefined) return no('notFound', `${from} does not exist`);
      if (nodes.has(to) && !replace) return no('exists', `${to} already exists`);
      if (parentMissing(to)) return no('notFound', `the directory of ${to} does not exist`);
      nodes.delete(from);
      nodes.set(to, node);
      return done;
    },
  };
};
