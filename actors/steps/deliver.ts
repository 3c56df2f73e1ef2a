import { isLeft, left, right } from 'fp-ts/lib/Either.js';
import { type Attempt, permanent } from '../../domain/failure.ts';
import type { Delivery } from '../../domain/ports.ts';
import type { EventData } from '../../domain/transfer/vocabulary.ts';
import type { Step } from '../step.ts';

/**
 * Gives the prepared file its final name, once: by what is there now it tells whether an earlier try had already come
 * through. Never overwrites: where the name is taken, the file becomes `name.<transfer id>.ext`.
 */
export const deliver =
  (delivery: Delivery): Step =>
  ({ id, transfer: { target, prepared } }) =>
  async () => {
    if (target === undefined || prepared === undefined) return left(permanent('notPrepared', 'nothing is prepared'));
    const { directory } = target;
    const names = [prepared.final, besides(prepared.final, id)];
    const there = await delivery.look(directory, prepared.temporary)();
    if (isLeft(there)) return there;
    const untouched = there.right !== undefined && there.right.links === 1 && there.right.ctime === prepared.ctime;
    const final = untouched
      ? await link(delivery, directory, prepared.temporary, names)()
      : await linkedAs(delivery, directory, prepared, names)();
    if (isLeft(final)) return final;
    const removed = await delivery.unlink(directory, prepared.temporary)();
    if (isLeft(removed)) return removed;
    return right([{ type: 'sent', data: { final: final.right } }]);
  };

/** The name for a file whose own name is taken: `a.xml` becomes `a.<id>.xml`, cut so that it stays a legal name. */
export const besides = (name: string, id: string): string => {
  const dot = name.lastIndexOf('.');
  const [stem, ending] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ''];
  const room = 255 - id.length - 1 - new TextEncoder().encode(ending).length;
  if (room < 1) return id;
  let short = stem;
  while (new TextEncoder().encode(short).length > room) short = [...short].slice(0, -1).join('');
  return `${short}.${id}${ending}`;
};

const link =
  (delivery: Delivery, directory: string, temporary: string, names: readonly string[]): Attempt<string> =>
  async () => {
    for (const name of names) {
      const linked = await delivery.link(directory, temporary, name)();
      if (!isLeft(linked)) return right(name);
      if (linked.left.code !== 'exists') return linked;
    }
    return left(permanent('exists', `both "${names.join('" and "')}" exist already`));
  };

/** Which name an earlier try gave it; the first choice where the file has been taken away since. */
const linkedAs =
  (
    delivery: Delivery,
    directory: string,
    { inode, final }: EventData<'prepared'>,
    names: readonly string[],
  ): Attempt<string> =>
  async () => {
    for (const name of names) {
      const there = await delivery.look(directory, name)();
      if (isLeft(there)) return there;
      if (there.right?.inode === inode) return right(name);
    }
    return right(final);
  };
