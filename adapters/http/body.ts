/** The body of a request: its bytes as they come, in bounded time. */
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../domain/ports.ts';

/** Hardly a byte came for too long. */
export class SlowBody extends Error {}

/** The connection ended before the end of the body. */
export class CutBody extends Error {}

/** So many bytes must come in the time; who sends a byte now and then holds nothing for long. */
const least = 1024;

const wasTakenBack = (request: { readonly aborted?: boolean }): boolean => request.aborted === true;

/** Did it end before its end? In HTTP/2 a request that was taken back is complete, too. */
export const isCut = (request: IncomingMessage): boolean => !request.complete || wasTakenBack(request);

/** The bytes of a body; throws where they stop coming, and where they end before the end. */
export async function* bodyOf(request: IncomingMessage, clock: Clock, idle: number): AsyncGenerator<Buffer, void> {
  const chunks = request.iterator({ destroyOnReturn: false });
  const announced = request.headers['content-length'];
  let size = 0;
  let [due, left] = [least, idle];
  for (;;) {
    const before = clock.monotonic();
    let cancel = (): void => undefined;
    const late = new Promise<'late'>((resolve) => {
      cancel = clock.after(left, () => resolve('late'));
    });
    const next = await Promise.race([chunks.next() as Promise<IteratorResult<Buffer, void>>, late])
      .catch((cause: unknown) => {
        throw new CutBody('the body was cut off', { cause });
      })
      .finally(cancel);
    if (next === 'late') throw new SlowBody('the body came too slowly');
    if (next.done === true) break;
    // Only what we wait for them counts, not what they wait for us.
    left -= clock.monotonic() - before;
    due -= next.value.length;
    size += next.value.length;
    if (due <= 0) [due, left] = [least, idle];
    yield next.value;
  }
  if (isCut(request) || (announced !== undefined && Number(announced) !== size))
    throw new CutBody('the body was cut off');
}

/** How long, in milliseconds, whoever was refused may go on to send. */
export const linger = 2000;

/** Lets go what is still sent: programs that are reset while they send tell their user that, and not what was answered. */
export const drained = (request: IncomingMessage, clock: Clock): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      cancel();
      resolve();
    };
    const cancel = clock.after(linger, done);
    request.once('end', done).once('close', done).resume();
    if (request.complete || request.destroyed) done();
  });
