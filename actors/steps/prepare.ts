import { isLeft, left, right } from 'fp-ts/lib/Either.js';
import { permanent } from '../../domain/failure.ts';
import type { Delivery, PayloadStore } from '../../domain/ports.ts';
import type { Step } from '../step.ts';

/** Writes the payload beside its target under a name of ours, and records by what a restart will recognise it. */
export const prepare =
  (delivery: Delivery, payloads: PayloadStore): Step =>
  ({ id, transfer: { target, payload, run, attempt } }) =>
  async () => {
    if (target === undefined || payload === undefined) return left(permanent('noTarget', 'it has no target'));
    const bytes = await payloads.read(payload.key)();
    if (isLeft(bytes)) return bytes;
    const temporary = `.${id}.${run * 1000 + attempt}`;
    const facts = await delivery.prepare(target.directory, temporary, bytes.right)();
    if (isLeft(facts)) return facts;
    const { inode, ctime } = facts.right;
    return right([{ type: 'prepared', data: { temporary, final: target.name, inode, ctime } }]);
  };
