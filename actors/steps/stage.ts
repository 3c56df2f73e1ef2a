import { isLeft, left, right } from 'fp-ts/lib/Either.js';
import { permanent } from '../../domain/failure.ts';
import type { Messages } from '../../domain/message.ts';
import { keyOf } from '../../domain/payload.ts';
import type { PayloadStore } from '../../domain/ports.ts';
import type { Step } from '../step.ts';

/** Puts the payload on the dmz that is to send or to show it. */
export const stage =
  (messages: Pick<Messages, 'stage'>, payloads: PayloadStore): Step =>
  ({ id, transfer: { payload, dmz } }) =>
  async () => {
    if (payload === undefined || dmz === undefined) return left(permanent('noPayload', 'there is no payload to stage'));
    const bytes = await payloads.read(payload.key)();
    if (isLeft(bytes)) return bytes;
    const staged = await messages.stage(dmz, { ...payload, key: keyOf(dmz, id) }, bytes.right)();
    return isLeft(staged) ? staged : right([{ type: 'staged', data: {} }]);
  };
