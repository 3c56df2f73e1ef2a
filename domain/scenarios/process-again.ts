import { type Path, scenario } from './scenario.ts';

/** Inner processes what it has already. */
export const processedHere: Path = {
  new: { created: 'created' },
  created: { matched: 'created', stepDone: 'created', processed: 'processed' },
};

/** What an earlier transfer brought is processed once more, by the profile as it is now. Inner's alone: the partner and dmz are asked for nothing. */
export const processAgain = scenario(
  'processAgain',
  'the data of an earlier transfer is processed again',
  processedHere,
  ['processed'],
);
