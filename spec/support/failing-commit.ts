/** A payload store whose disk is full when it comes to the first commit; its writer can then only be abandoned. */
import { left } from 'fp-ts/lib/Either.js';
import { temporary } from '../../domain/failure.ts';
import type { PayloadStore, PayloadWriter } from '../../domain/ports.ts';

/** The store, failing once. */
export const failingCommitOnce = (store: PayloadStore): PayloadStore => {
  let failed = false;
  const failing = (writer: PayloadWriter): PayloadWriter => ({
    get size() {
      return writer.size;
    },
    write: writer.write,
    commit: () => () => Promise.resolve(left(temporary('noSpace', 'there is no space left on the disk'))),
    abandon: writer.abandon,
  });
  return {
    ...store,
    write: (key, options) => async () => {
      const opened = await store.write(key, options)();
      if (failed || opened._tag === 'Left') return opened;
      failed = true;
      return { ...opened, right: failing(opened.right) };
    },
  };
};
