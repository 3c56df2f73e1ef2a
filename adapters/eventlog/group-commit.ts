/** Group commit: what arrives while a commit runs goes into the next one. */

import { faultPoint } from '../shared/fault-point.ts';
import type { AppendAnswer, AppendRequest } from './protocol.ts';
import type { EventStore } from './store.ts';

/** Bounds of one transaction, so that reads wait for one group at most. */
const groupEvents = 2_000;
const groupCharacters = 4 * 1024 ** 2;
/** A checkpoint is due after so many commits or so much text. */
const checkpointCommits = 256;
const checkpointCharacters = 4 * 1024 ** 2;

const charactersOf = (request: AppendRequest): number =>
  request.events.reduce((sum, [, , data, metadata]) => sum + data.length + metadata.length, 0);

/** Collects appends and commits them together, each answered after its commit. `later` calls back once what has arrived was taken in. */
export const groupCommit = (store: EventStore, later: (run: () => void) => void) => {
  let waiting: { readonly request: AppendRequest; readonly answer: (answer: AppendAnswer) => void }[] = [];
  let due = false;
  let commits = 0;
  let characters = 0;

  const takeGroup = (): typeof waiting => {
    let events = 0;
    let size = 0;
    let count = 0;
    for (const { request } of waiting) {
      events += Math.max(1, request.events.length);
      size += charactersOf(request);
      if (count > 0 && (events > groupEvents || size > groupCharacters)) break;
      count += 1;
    }
    const group = waiting.slice(0, count);
    waiting = waiting.slice(count);
    characters += size;
    commits += 1;
    return group;
  };
  const commitGroup = (): void => {
    const group = takeGroup();
    const answers = store.appendAll(group.map(({ request }) => request));
    faultPoint('log.answer.before');
    for (const [i, { answer }] of group.entries()) {
      const each = answers[i];
      if (each !== undefined) answer(each);
    }
  };
  const run = (): void => {
    if (waiting.length > 0) commitGroup();
    else due = false;
    // In a turn of its own: those who wait for the commit need not wait for this.
    if (commits >= checkpointCommits || characters >= checkpointCharacters) later(checkpoint);
    if (due) later(run);
  };
  const checkpoint = (): void => {
    commits = 0;
    characters = 0;
    store.checkpoint();
  };

  return {
    append: (request: AppendRequest): Promise<AppendAnswer> =>
      new Promise((answer) => {
        waiting.push({ request, answer });
        if (due) return;
        due = true;
        later(run);
      }),
    /** Commits all that waits, now. */
    finish: (): void => {
      while (waiting.length > 0) commitGroup();
    },
  };
};
