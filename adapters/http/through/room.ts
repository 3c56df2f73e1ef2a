import type { Writable } from 'node:stream';

/** Waits until the client takes more; throws where it is gone, or the exchange is over. */
export const room = (to: Writable, over: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const settle = (): void => {
      to.off('drain', settle).off('close', settle);
      over.removeEventListener('abort', settle);
      if (over.aborted || to.destroyed) reject(new Error('it took too long'));
      else resolve();
    };
    to.on('drain', settle).on('close', settle);
    over.addEventListener('abort', settle);
    if (over.aborted || to.destroyed) settle();
  });
