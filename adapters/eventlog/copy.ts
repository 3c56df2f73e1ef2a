/** Copies one event log to another, which is empty or holds the beginning of the first: everything in its order. */
import { isLeft } from 'fp-ts/lib/Either.js';
import { failing, permanent } from '../../domain/failure.ts';
import type { LoggedEvent, Position } from '../../domain/ports.ts';
import type { Copied, CopyProgress } from '../shared/log-copy.ts';
import { type Run, windowsOf } from './copy-runs.ts';
import { mark, unmark, whyNotWhole } from './mark.ts';
import { filler, type MovableLog } from './movable.ts';
import { contentOf, eventsIn, got, type Kept, keptIn, newEvent, textOf } from './reading.ts';

type Copying = {
  readonly from: MovableLog;
  readonly to: MovableLog;
  readonly signal: AbortSignal;
  readonly progress: (progress: CopyProgress) => void;
};

const fillersAtOnce = 1_000n;

/** Copies, and compares at the end what both hold. Throws failures: where the logs differ before anything is written, too. */
export const copyEvents = async (copying: Copying): Promise<Copied> => {
  const { from, to, signal, progress } = copying;
  const partial = await whyNotWhole(from);
  if (partial !== undefined) throw refused(`the log to copy from cannot be used: ${partial}`);
  const kept = await keptIn(from);
  const there = await keptIn(to);
  for (const [stream, first] of there)
    if (first > (kept.get(stream) ?? 0n))
      throw refused(`the log to copy to hides events of ${stream} that the other does not hide: it is no copy of it`);
  const { all, before, after } = await compare(copying, kept);
  await mark(to);
  for (const [stream, first] of kept) await hide(to, stream, there.get(stream) ?? 0n, first);
  let done = before;
  progress({ phase: 'copying', done, of: all });
  for await (const window of windowsOf(eventsIn(from, kept, signal, after), to.together)) {
    const answers = await Promise.all(window.map((run) => appendTo(to, run)));
    for (const answer of answers) got(answer);
    done += window.reduce((sum, run) => sum + run.length, 0);
    progress({ phase: 'copying', done, of: all });
  }
  const copied = await keptIn(to);
  const told = { source: 0, target: 0 };
  const verifying = (which: keyof typeof told) => (count: number) => {
    told[which] = count;
    progress({ phase: 'verifying', done: Math.min(told.source, told.target), of: done });
  };
  const [source, target] = await Promise.all([
    contentOf(eventsIn(from, kept, signal), verifying('source')),
    contentOf(eventsIn(to, copied, signal), verifying('target')),
  ]);
  if (source.sha256 === target.sha256) await unmark(to);
  return { before, source, target };
};

/** How many events there are, and how many of them, up to which, have been copied. Throws at the first that differs. */
const compare = async (
  { from, to, signal, progress }: Copying,
  kept: Kept,
): Promise<{ readonly all: number; readonly before: number; readonly after: Position | undefined }> => {
  const copies = eventsIn(to, kept, signal);
  let copy = await copies.next();
  let [all, before] = [0, 0];
  let after: Position | undefined;
  for await (const event of eventsIn(from, kept, signal)) {
    all += 1;
    if (copy.done !== true) {
      if (textOf(event) !== textOf(copy.value)) throw refused(differenceAt(all, event, copy.value));
      before = all;
      after = event.position;
      copy = await copies.next();
    }
    progress({ phase: 'comparing', done: all, of: undefined });
  }
  if (copy.done !== true)
    throw refused(`the log to copy to holds more than the other, beginning with ${nameOf(copy.value)}; ${mend}`);
  return { all, before, after };
};

/** Makes the target hide what the source hides. Where its stream is too short for that, fillers take up the revisions. */
const hide = async (to: MovableLog, stream: string, already: bigint, keepFrom: bigint): Promise<void> => {
  if (already >= keepFrom) return;
  const there = got(await to.readStream(stream, { from: already, limit: Number(keepFrom - already) })());
  let end = (there.at(-1)?.revision ?? already - 1n) + 1n;
  while (end < keepFrom) {
    const first = end;
    const count = keepFrom - first < fillersAtOnce ? keepFrom - first : fillersAtOnce;
    const fillers = Array.from({ length: Number(count) }, (_, i) => filler(stream, first + BigInt(i)));
    got(await to.append(stream, fillers, { expected: first - 1n })());
    end += count;
  }
  got(await to.setRetention(stream, { keepFrom })());
};

const appendTo = async (to: MovableLog, run: Run) => {
  const [{ stream, revision }] = run;
  const answer = await to.append(stream, run.map(newEvent), { expected: revision - 1n })();
  if (isLeft(answer) && answer.left.code === 'conflict')
    throw refused(
      `${stream} cannot be copied from its revision ${revision} on (${answer.left.text}): somebody else writes to the log to copy to, or events before it are missing in the other`,
    );
  return answer;
};

const mend = 'name an empty log, or one to which this one was being copied';

const differenceAt = (place: number, event: LoggedEvent, copy: LoggedEvent): string => {
  const [one, other] = [nameOf(event), nameOf(copy)];
  const what = one === other ? `have other contents for ${one}` : `hold ${one} and ${other}`;
  return `the logs differ from event ${place} on: they ${what}; ${mend}`;
};

const nameOf = ({ stream, revision, type, id }: LoggedEvent): string =>
  `${stream} revision ${revision} (${type}, ${id})`;

const refused = (text: string): Error => failing(permanent('differs', text));
