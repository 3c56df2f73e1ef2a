/** Twenty thousand mails, inner away for part of the time, and dmz killed once: what got its 250 is processed, once. */
import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { smtpSource } from '../support/mail-programs.ts';
import { type MailWitness, witnessOf } from '../support/mail-witness.ts';
import { linked, mailbox, type Pair, startPair } from '../support/servers.ts';
import { expectOneStory, idle } from '../support/stories.ts';
import { until } from '../support/until.ts';

const count = Number(process.env.MAILS ?? 20_000);
const minutes = 60_000;
const whom = ['-f', 'edi@acme.example', '-t', mailbox, '-l', '4096', '-d', '-s', '10'];

let pair: Pair;
let witness: MailWitness;

beforeAll(async () => {
  pair = await startPair({ channel: { mail: { recipients: [mailbox], needsLogin: false } } });
  witness = await witnessOf(pair.smtpPort);
}, minutes);
afterAll(async () => {
  await witness.close();
  await pair.end();
});

it(`${count} mails are taken, and each that was is delivered once`, { timeout: 60 * minutes }, async () => {
  const started = performance.now();
  const seconds = (): string => ((performance.now() - started) / 1000).toFixed(1);
  const send = (mails: number) => smtpSource(witness.port, [...whom, '-m', String(mails)], 30 * minutes);
  const part = Math.round(count / 4);
  const at = (share: number) => until(`${share} are taken`, () => witness.taken.length >= share, 30 * minutes);
  expect(await send(part)).toMatchObject({ code: 0 });
  console.log(`${witness.taken.length} taken after ${seconds()} s, inner is killed`);
  await pair.inner.kill();
  expect(await send(part)).toMatchObject({ code: 0 });
  console.log(`${witness.taken.length} taken after ${seconds()} s, inner is started`);
  await pair.inner.start();
  const cut = send(part);
  await at(Math.round(2.5 * part));
  await pair.dmz.kill();
  expect((await cut).code).not.toBe(0);
  console.log(`${witness.taken.length} taken after ${seconds()} s, when dmz was killed`);
  await pair.dmz.start();
  await linked(pair);
  expect(await send(count - witness.taken.length)).toMatchObject({ code: 0 });
  console.log(`${witness.taken.length} taken after ${seconds()} s`);
  const taken = new Set(witness.taken);
  expect(taken.size).toBe(count);
  await until('all are delivered', async () => (await readdir(pair.out)).length >= count, 30 * minutes);
  await idle(pair, 30 * minutes);
  console.log(`nothing is open after ${seconds()} s`);
  const delivered = await readdir(pair.out);
  const there = new Set(delivered);
  const missing = [...taken].filter((name) => !there.has(name));
  expect(missing).toEqual([]);
  // Taken, and its 250 was lost with dmz: there, once, and nobody was told.
  const untold = delivered.filter((name) => !taken.has(name));
  expect(untold.every((name) => name.endsWith('.eml') && !/\.[0-9a-z]{26}\.eml$/.test(name))).toBe(true);
  expect(untold.length).toBeLessThanOrEqual(10);
  expect(await expectOneStory(pair)).toBe(delivered.length);
});
