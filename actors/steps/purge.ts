import { isLeft, left, right } from 'fp-ts/lib/Either.js';
import { temporary } from '../../domain/failure.ts';
import { belongsTo, keyOf, stepKeyOf } from '../../domain/payload.ts';
import type { PayloadStore } from '../../domain/ports.ts';
import type { Step } from '../step.ts';
import type { Streams } from '../streams.ts';

/** Frees this server's copies of an ended transfer's payload, those of its steps included; not before its responses have ended, too. */
export const purge =
  (payloads: PayloadStore, streams: Streams, node: string): Step =>
  ({ id, transfer: { payload, copy, responses, stepsDone } }) =>
  async () => {
    for (const response of responses) {
      const loaded = await streams.load(response);
      if (isLeft(loaded)) return loaded;
      if (loaded.right !== undefined && !loaded.right.ended)
        return left(temporary('responsesOpen', `response ${response} is still open`));
    }
    // One more than are done: a step may have been cut off by the end of the transfer.
    const made = Array.from({ length: stepsDone + 1 }, (_, index) => stepKeyOf(node, id, index));
    // Never a payload that it only borrows from its parent.
    const own = [payload?.key, copy?.key, keyOf(node, id), ...made].filter(
      (key) => key?.startsWith(`${node}.`) === true && belongsTo(key) === id,
    );
    for (const key of new Set(own)) {
      const removed = await payloads.remove(key ?? '')();
      if (isLeft(removed)) return removed;
    }
    return right([{ type: 'purged', data: {} }]);
  };
