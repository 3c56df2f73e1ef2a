import { type Failure, failing, failureIn, permanent, temporary } from '../../domain/failure.ts';
import { codeOf } from '../shared/failing.ts';

/** Whether the disk can still be trusted. */
export interface Health {
  /** Throws once it cannot. */
  check(): void;
  /** Runs what makes data durable; if that fails the store takes no more, and it is not tried again. */
  must<A>(what: () => Promise<A>): Promise<A>;
}

/** A healthy disk; `onFatal` is called once, when it is no longer so. */
export const health = (onFatal: (error: Error) => void): Health => {
  let broken = false;
  const stopped = (): Error =>
    failing(
      temporary(
        'unavailable',
        'the payload store takes no more data because its disk failed; see the alarm, mend the disk and restart the server',
      ),
    );
  const check = (): void => {
    if (broken) throw stopped();
  };
  const breakDown = (error: unknown): void => {
    if (broken) return;
    broken = true;
    onFatal(error instanceof Error ? error : new Error('the disk failed', { cause: error }));
  };
  return {
    check,
    must: async (what) => {
      check();
      try {
        return await what();
      } catch (error) {
        breakDown(error);
        throw stopped();
      }
    },
  };
};

/** Says what an error means for a payload; names the key, never a path. Throws again what is no failure of the world. */
export const explain =
  (key: string, what: string) =>
  (error: unknown): Failure => {
    const carried = failureIn(error);
    if (carried !== undefined) return carried;
    const code = codeOf(error);
    if (code === 'ENOSPC' || code === 'EDQUOT')
      return temporary('noSpace', `payload ${key} cannot be ${what}: there is no space left on the disk`);
    if (code === 'ENOENT') return permanent('notFound', `there is no payload ${key}`);
    if (code === 'EEXIST') return permanent('exists', `payload ${key} exists already`);
    if (code === 'EFBIG') return permanent('tooLarge', `payload ${key} is larger than the file system allows`);
    if (code !== undefined) return temporary('unavailable', `payload ${key} cannot be ${what} (${code})`);
    throw error;
  };
