import { processedHere } from './process-again.ts';
import { scenario } from './scenario.ts';

/** A part of a mail that a profile took apart is processed by the profile that takes it. Inner's alone, as processing again is. */
export const processPart = scenario('processPart', 'an attachment of a mail is processed', processedHere, [
  'processed',
]);
