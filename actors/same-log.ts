/** Read models are of use with the log that they were made of only: a copy of it has other positions. */
import type { AnyProjection, EventLog, Log, Projection, ReadModels } from '../domain/ports.ts';
import { witness, witnessProjection } from '../projections/witness.ts';
import { orThrow } from './unwrap.ts';

/**
 * Opens read models, all of them anew where they were made of another log. Throws where the log is empty, and they were
 * not: then it was not copied, and what belongs to the transfers in them must not be swept away.
 */
export const openForLog = async (
  { eventLog, models, log }: { readonly eventLog: EventLog; readonly models: ReadModels; readonly log: Log },
  projections: readonly AnyProjection[],
): Promise<void> => {
  // The witness goes last: until then it says that the others are of another log.
  const isWitness = ({ name }: AnyProjection): boolean => name === witnessProjection.name;
  const all = [...(projections as readonly Projection[])].sort((a, b) => Number(isWitness(a)) - Number(isWitness(b)));
  const checkpoints: unknown[] = [];
  for (const each of all) checkpoints.push(orThrow(await models.open(each)()));
  if (checkpoints.every((each) => each === undefined) || (await stands(eventLog, models))) return;
  if (orThrow(await eventLog.readAll({ limit: 1 })()).length === 0)
    throw new Error(
      'the event log is empty, but this server has recorded events before: copy its log to this place (sallyport log copy), or name the place where it is; to begin anew, name an empty data directory',
    );
  log.info('the read models were made of another event log, and are built anew');
  for (const each of all) orThrow(await models.open(each, { anew: true })());
};

/** Does the event of which they tell stand where they say? */
const stands = async (eventLog: EventLog, models: ReadModels): Promise<boolean> => {
  const row = orThrow(await models.get(witnessProjection, [witness])()).get(witness);
  if (row === undefined) return false;
  const [event] = orThrow(await eventLog.readStream(row.stream, { from: BigInt(row.revision), limit: 1 })());
  return event?.id === row.id && event.position === row.position;
};
