import { right } from 'fp-ts/lib/Either.js';
import type { Step } from '../step.ts';

/** Inner has processed it: the transfer ends here, and the payload may be freed once the partner has looked long enough. */
export const acknowledge: Step = () => () => Promise.resolve(right([{ type: 'acknowledged', data: {} }]));
