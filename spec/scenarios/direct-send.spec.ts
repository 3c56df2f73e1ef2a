/** Sends of inner itself, which no dmz takes part in. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventsOf, inboxOf, pairTo, sendingOf } from '../support/partner-faults.ts';
import { partnerKinds, type RunningPartner, startPartner } from '../support/partner-world.ts';
import { expectOneStory, idle } from '../support/stories.ts';

const kinds = partnerKinds.filter((kind) => kind.name === 'sftp' || kind.name === 'ftp');
let world: Awaited<ReturnType<typeof pairTo>>;
const partners = new Map<string, RunningPartner>();

beforeAll(async () => {
  for (const kind of kinds) partners.set(kind.name, await startPartner(kind));
  world = await pairTo([...partners.values()].map((partner) => ({ partner, viaDmz: false })));
}, 120_000);

afterAll(() => world.end());

it.each(kinds.map(({ name, program }) => [name, program] as const))('inner sends over %s to %s', async (name) => {
  const partner = partners.get(name);
  if (partner === undefined) throw new Error(`no partner ${name}`);
  const bytes = randomBytes(2 * 1024 * 1024);
  const file = `to-${name}-direct`;
  await world.deliver(file, bytes);
  expect(await inboxOf(world.pair, partner, file)).toEqual([file]);
  expect((await readFile(partner.at(`in/${file}`))).equals(bytes)).toBe(true);
  const { id, scenario } = await sendingOf(world.pair.inner, file, 'sent', (row) => row.ended);
  expect(scenario).toBe('innerSends');
  expect((await eventsOf(world.pair.inner, id)).map((event) => event.type)).toEqual(['created', 'placed', 'sent']);
  expect(await eventsOf(world.pair.dmz, id)).toEqual([]);
});

it('leaves dmz a story of what was delivered only', async () => {
  await idle(world.pair);
  expect(await expectOneStory(world.pair)).toBe(2);
});
