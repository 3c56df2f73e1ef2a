/** One append as its fate allows. */
import { Silence } from './answering.ts';
import type { Node } from './node.ts';
import type { Append, Outcome } from './vocabulary.ts';
import { append } from './writes.ts';

/** Stores an append, unless its fate is another; throws silence where it shall have no answer. */
export const perform = async (node: Node, request: Append): Promise<Outcome | 'busy'> => {
  const fate = node.faults.fate();
  if (fate === 'busy') return fate;
  const lost = fate === 'lost' || fate === 'lostAndCut';
  const outcome = lost ? undefined : await node.writer.write((store) => append(store, request));
  if (fate === 'lostAndCut' || fate === 'unansweredAndCut') node.cut();
  if (outcome === undefined || fate !== 'normal') throw new Silence();
  return outcome;
};
