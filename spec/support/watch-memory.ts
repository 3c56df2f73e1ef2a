import { residentBytes } from './memory.ts';
import type { Pair } from './servers.ts';

const roles = ['dmz', 'inner'] as const;

/** Watches how much memory both servers take; the end tells, by role, how much more (bytes) it was at most than at the beginning. */
export const watchMemory = async (pair: Pair): Promise<() => Readonly<Record<(typeof roles)[number], number>>> => {
  const idle = { dmz: await residentBytes(pair.dmz.pid()), inner: await residentBytes(pair.inner.pid()) };
  const most = { ...idle };
  const watch = setInterval(() => {
    for (const role of roles)
      void residentBytes(pair[role].pid()).then((bytes) => {
        most[role] = Math.max(most[role], bytes);
      });
  }, 100);
  return () => {
    clearInterval(watch);
    return { dmz: most.dmz - idle.dmz, inner: most.inner - idle.inner };
  };
};
