import { type Failure, failing, failureIn, permanent, temporary } from '../../domain/failure.ts';
import { codeOf } from '../shared/failing.ts';

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'this server has no permission for it',
  EPERM: 'this server has no permission for it',
  EROFS: 'it is on a read-only file system',
  ENOTDIR: 'a part of that path is a file',
  ENOENT: 'the file or directory is gone',
};

/** Says what an error means for a directory of the operator's. Throws again what is no failure of the world. */
export const explain =
  (directory: string, what: string) =>
  (error: unknown): Failure => {
    const carried = failureIn(error);
    if (carried !== undefined) return carried;
    const code = codeOf(error);
    if (code === undefined) throw error;
    if (code === 'ENAMETOOLONG') return permanent('nameTooLong', `the file name is too long for ${directory}`);
    if (code === 'ENOSPC' || code === 'EDQUOT')
      return temporary('noSpace', `cannot ${what} ${directory}: there is no space left on its disk`);
    return temporary('unavailable', `cannot ${what} ${directory}: ${reasons[code] ?? code}`);
  };

/** Codes by which file systems say that they have no hard links. */
const withoutLinks = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'EXDEV', 'ENOSYS'];

/** Says what an error means for giving a file its final name. */
export const explainLink =
  (directory: string, from: string, final: string) =>
  (error: unknown): Failure => {
    const code = codeOf(error);
    if (code === 'EEXIST') return permanent('exists', `${directory} has a file ${final} already`);
    if (code === 'ENOENT') return permanent('notFound', `${directory} has no file ${from} to be named ${final}`);
    if (code !== undefined && withoutLinks.includes(code))
      return permanent(
        'noHardLinks',
        `the file system of ${directory} cannot hard-link, so files cannot be put there exactly once; choose a directory on another file system`,
      );
    return explain(directory, 'name a file in')(error);
  };

/** The bytes of a payload; what goes wrong with them is the payload's failure, not the directory's. */
export async function* fromSource(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* bytes;
  } catch (error) {
    const code = codeOf(error);
    throw code === undefined ? error : failing(temporary('unavailable', `the payload cannot be read (${code})`));
  }
}
