/** How events are taken together to be appended. */
import type { LoggedEvent } from '../../domain/ports.ts';
import { bytesOf, largestEvent, pack } from './packing.ts';

/** Consecutive events of the log which are consecutive in one stream, too: one append. */
export type Run = readonly [LoggedEvent, ...LoggedEvent[]];

const mostEvents = 500;
/** Of runs that are asked for together: what the embedded log commits at once. */
const windowEvents = 1_000;
const windowBytes = 2 * 1024 ** 2;

const sizeOf = (event: LoggedEvent): number => bytesOf(pack(event));

/** The events in runs, up to `together` of them at a time; their order stays. */
export const windowsOf = async function* (
  events: AsyncIterable<LoggedEvent>,
  together: number,
): AsyncGenerator<readonly Run[], void, undefined> {
  let window: [LoggedEvent, ...LoggedEvent[]][] = [];
  let [inRun, inWindow, count] = [0, 0, 0];
  for await (const event of events) {
    const size = sizeOf(event);
    const run = window.at(-1);
    const last = run?.at(-1);
    const goesOn =
      run !== undefined &&
      last?.stream === event.stream &&
      last.revision + 1n === event.revision &&
      run.length < mostEvents &&
      inRun + size <= largestEvent;
    const full = count >= windowEvents || inWindow + size > windowBytes;
    if (window.length > 0 && (full || (!goesOn && window.length >= together))) {
      yield window;
      window = [];
      [inWindow, count] = [0, 0];
    }
    if (goesOn && window.length > 0) run.push(event);
    else window.push([event]);
    inRun = goesOn && count > 0 ? inRun + size : size;
    inWindow += size;
    count += 1;
  }
  if (window.length > 0) yield window;
};
