import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isRight } from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { evolvingLog } from '../../actors/evolving-log.ts';
import { roles, travels } from '../../actors/roles.ts';
import { protocolVersion } from '../../adapters/messages/hello.ts';
import { asPresent, asRecorded, type Upcasters, upcasters } from '../../domain/evolution.ts';
import type { LoggedEvent } from '../../domain/ports.ts';
import { type EventType, vocabulary } from '../../domain/transfer/vocabulary.ts';
import { complaints, formOf, type Golden, type Present, readGolden, writeGolden } from '../support/golden.ts';
import { memoryDmz } from '../support/memory-dmz.ts';
import { memoryEventLog } from '../support/memory-event-log.ts';
import { schemas, vocabularies } from '../support/vocabularies.ts';

const scenarios = [...new Set(roles.map(({ scenario }) => scenario))];
const travelling = (Object.keys(vocabulary) as EventType[]).filter((type) =>
  scenarios.some((scenario) => travels(scenario, type)),
);
const present: Present = { schemas, upcasters, travelling, protocolVersion };

const wanted = process.env.SALLYPORT_GOLDEN;
if (wanted !== undefined) writeGolden(present, wanted === 'anew');
const golden = readGolden();

describe('the events that logs hold', () => {
  it('are all known here, each by one name', () => {
    const domain = fileURLToPath(new URL('../../domain', import.meta.url));
    const found = readdirSync(domain, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .flatMap((name) => [...readFileSync(join(domain, name), 'utf8').matchAll(/^export const (\w*[vV]ocabulary)\b/gm)])
      .map((match) => match[1]);
    expect(Object.keys(vocabularies).sort()).toEqual(found.sort());
    const types = Object.values(vocabularies).flatMap((each) => Object.keys(each));
    expect(types).toEqual([...new Set(types)]);
  });

  it('read as they always did, and have not changed without a new version', () => {
    expect(complaints(present, golden)).toEqual([]);
  });

  it('have several examples each where they have several forms', () => {
    expect(golden.examples.created?.[1]?.length).toBeGreaterThan(5);
    expect(golden.examples.stepDone?.[1]?.map(({ recorded }) => Object.keys(recorded).length)).toContain(2);
  });
});

describe('an event that changes without a new version', () => {
  const change = (type: string, schema: z.ZodType): Present => ({
    ...present,
    schemas: { ...schemas, [type]: schema },
  });
  const sentence =
    'received changed, and is still of version 1: raise it to 2 by an upcaster in domain/evolution.ts, then run `npm run golden`';

  it.each([
    ['another field', vocabulary.received.extend({ more: z.string().optional() })],
    ['another bound', vocabulary.received.extend({ name: z.string().max(300) })],
    ['one more check', vocabulary.received.refine(() => true)],
  ])('is noticed by %s', (_, schema) => {
    expect(complaints(change('received', schema), golden)).toEqual([sentence]);
  });

  it('is noticed by what can be read no more, too', () => {
    const found = complaints(change('received', vocabulary.received.extend({ more: z.string() })), golden);
    expect(found).toContain(sentence);
    expect(found.join('\n')).toContain('example 0 of received.v1.json cannot be read any more');
  });

  it('is noticed by being gone', () => {
    const { received: _, ...rest } = schemas;
    expect(complaints({ ...present, schemas: rest }, golden)).toEqual([
      'received is gone, and logs hold it: put it back',
    ]);
  });

  it('is noticed by being new', () => {
    expect(complaints(change('teleported', z.strictObject({})), golden)).toEqual([
      'there is no golden file of teleported in version 1: run `npm run golden` before you change it again',
    ]);
  });
});

/** An event that was `{ who }`, then `{ who, where }`, and is `{ by: { who }, where }` now. */
const planted: Upcasters = {
  moved: [(data) => ({ ...data, where: 'unknown' }), ({ who, ...rest }) => ({ ...rest, by: { who: who ?? '' } })],
};
const first = z.strictObject({ who: z.string() });
const second = z.strictObject({ who: z.string(), where: z.string() });
const third = z.strictObject({ by: z.strictObject({ who: z.string() }), where: z.string() });
const logged = (data: LoggedEvent['data'], metadata: LoggedEvent['metadata']): LoggedEvent => ({
  ...{ id: 'a', type: 'moved', stream: 'thing-1', revision: 3n, position: '9' },
  ...{ data, metadata },
});

describe('an event of an older version', () => {
  it.each([
    [{ who: 'anna' }, { at: 1 }, { by: { who: 'anna' }, where: 'unknown' }],
    [
      { who: 'anna', where: 'here' },
      { at: 1, version: 2 },
      { by: { who: 'anna' }, where: 'here' },
    ],
    [
      { by: { who: 'anna' }, where: 'here' },
      { at: 1, version: 3 },
      { by: { who: 'anna' }, where: 'here' },
    ],
  ])('reads %j in its present form', (data, metadata, expected) => {
    const read = asPresent(logged(data, metadata), planted);
    expect(read).toEqual(logged(expected, { at: 1 }));
    expect(third.parse(read.data)).toEqual(expected);
  });

  it('is recorded with its version, unless that is the first', () => {
    expect(asRecorded(logged({}, { at: 1 }), planted).metadata).toEqual({ at: 1, version: 3 });
    expect(asRecorded({ ...logged({}, { at: 1 }), type: 'other' }, planted).metadata).toEqual({ at: 1 });
  });

  it.each([
    [4, 'it was written by a newer Sallyport; upgrade this one'],
    [0, 'which is none'],
    ['2', 'which is none'],
  ])('of version %j is a defect that says so', (version, words) => {
    expect(() => asPresent(logged({}, { version }), planted)).toThrow(words);
    expect(() => asPresent(logged({}, { version }), planted)).toThrow('thing-1 at revision 3 holds moved');
  });

  it('needs a golden file of every version, each of which still reads', () => {
    const now: Present = { ...present, schemas: { moved: third }, upcasters: planted, travelling: [] };
    const examples = {
      1: [{ recorded: { who: 'anna' }, reads: { by: { who: 'anna' }, where: 'unknown' } }],
      2: [{ recorded: { who: 'anna', where: 'here' }, reads: { by: { who: 'anna' }, where: 'here' } }],
      3: [{ recorded: { by: { who: 'anna' }, where: 'here' } }],
    };
    const past: Golden = {
      schemas: { moved: { 1: formOf(first), 2: formOf(second), 3: formOf(third) } },
      examples: { moved: examples },
      travelling: { protocolVersion, versions: {} },
    };
    expect(complaints(now, past)).toEqual([]);
    const { 2: _, ...without } = examples;
    expect(complaints(now, { ...past, examples: { moved: without } })).toEqual([
      'there is no golden file of moved in version 2: run `npm run golden` before you change it again',
    ]);
    const careless = { moved: [planted.moved?.[0] ?? ((data) => data), (data: LoggedEvent['data']) => data] };
    expect(complaints({ ...now, upcasters: careless }, past)).toHaveLength(2);
  });

  it('that travels needs a new version of the protocol', () => {
    const twice: Upcasters = { forwarded: [(data) => data] };
    const past: Golden = { ...golden, schemas: { forwarded: { 1: {}, 2: formOf(vocabulary.forwarded) } } };
    const both = { forwarded: { 1: [], 2: [] } };
    const now: Present = { ...present, schemas: { forwarded: vocabulary.forwarded }, upcasters: twice };
    expect(complaints(now, { ...past, examples: both })).toEqual([
      'forwarded is of version 2 now, and servers tell it each other: raise protocolVersion in adapters/messages/hello.ts',
    ]);
    expect(complaints({ ...now, protocolVersion: protocolVersion + 1 }, { ...past, examples: both })).toEqual([]);
  });
});

describe("a server's log", () => {
  it('of a newer Sallyport is not read, by whatever way', async () => {
    const log = memoryEventLog();
    const event = { id: '00000000-0000-5000-8000-000000000001', type: 'held', data: {}, metadata: { version: 9 } };
    expect(isRight(await log.append('transfer-1', [event], { expected: 'any' })())).toBe(true);
    const words = 'transfer-1 at revision 0 holds held of version 9';
    const evolving = evolvingLog(log);
    await expect(evolving.readStream('transfer-1')()).rejects.toThrow(words);
    await expect(evolving.readAll()()).rejects.toThrow(words);
    const follow = evolving.follow(undefined, new AbortController().signal);
    await expect(follow[Symbol.asyncIterator]().next()).rejects.toThrow(words);
    await expect(memoryDmz({ eventLog: log })).rejects.toThrow(words);
  });
});
