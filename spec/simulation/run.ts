/** `npm run simulate -- FIRST COUNT`: runs that many schedules; ends with 1, and the story, at the first that goes wrong. */
import { simulate } from './simulate.ts';

const each = 5_000;
const [first = 1, count = 1] = process.argv.slice(2).map(Number);
const faults = new Set<string>();
let accepted = 0;

for (let done = 0; done < count; done += each) {
  const some = Math.min(each, count - done);
  const tally = await simulate(first + done, some);
  accepted += tally.accepted;
  for (const kind of tally.faults) faults.add(kind);
  console.log(`${done + some} schedules, ${accepted} files accepted, ${faults.size} kinds of faults`);
}
