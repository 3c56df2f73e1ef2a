import { right } from 'fp-ts/lib/Either.js';
import type { Step } from '../step.ts';

/** Ends a provided file whose time is over; its row is due only then. */
export const expire: Step = () => () => Promise.resolve(right([{ type: 'expired', data: {} }]));
