import { isRight, right } from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { heldKeys } from '../../../actors/held-keys.ts';
import { runStep as runOnce, type Steps } from '../../../actors/step.ts';
import { performing } from '../../../actors/steps/perform.ts';
import { process as processStep } from '../../../actors/steps/process.ts';
import { purge } from '../../../actors/steps/purge.ts';
import { openStreams, type Streams } from '../../../actors/streams.ts';
import { mailParts } from '../../../adapters/mime/index.ts';
import { keyOf } from '../../../domain/payload.ts';
import { type ProcessingStep, renameStep, runStep, splitStep } from '../../../domain/processing.ts';
import type { Profile } from '../../../domain/profile.ts';
import { encode } from '../../../domain/transfer/codec.ts';
import { transferStream } from '../../../domain/transfer/event-id.ts';
import type { Folded } from '../../../domain/transfer/fold.ts';
import { id, payload, story } from '../../support/given.ts';
import { filePart, mailOfParts } from '../../support/mail-bombs.ts';
import { countedIds, manualClock } from '../../support/manual-clock.ts';
import { memoryEventLog } from '../../support/memory-event-log.ts';
import { routes } from '../../support/memory-partners.ts';
import { memoryPayloadStore } from '../../support/memory-payload-store.ts';
import { type MemoryProgram, memoryPrograms, well } from '../../support/memory-programs.ts';
import { bytesOf, succeeded } from '../../support/outcome.ts';
import { silent } from '../../support/silent.ts';

const run = (name: string, settings: object = {}): ProcessingStep =>
  runStep.parse({ kind: 'run', command: [name], ...settings });
const rename = (template: string): ProcessingStep => renameStep.parse({ kind: 'rename', template });
const node = 'inner-1';

/** An inner server that holds a fetched transfer of the payload `abc`, and whose one profile has these steps. */
const inner = async (
  steps: readonly ProcessingStep[],
  known: Readonly<Record<string, MemoryProgram>> = {},
  content = 'abc',
) => {
  const [log, payloads, ids, clock] = [memoryEventLog(), memoryPayloadStore(), countedIds(), manualClock()];
  const opened = openStreams({ log, clock, ids, role: 'inner', node });
  let creations = Number.POSITIVE_INFINITY;
  const streams: Streams = {
    ...opened,
    record: (stream, step, decide) => {
      if (step === 'create') creations -= 1;
      return creations < 0 ? Promise.reject(new Error('cut off')) : opened.record(stream, step, decide);
    },
  };
  const writer = await succeeded(payloads.write(`${node}.${id}`));
  await succeeded(writer.write(0, Buffer.from(content)));
  await succeeded(writer.commit());
  const { events } = story('received', 'forwarded', 'fetched');
  await succeeded(log.append(transferStream(id), events.map(encode), { expected: 'noStream' }));
  const profile: Profile = {
    name: 'orders',
    match: { name: '*' },
    steps,
    responses: [{ kind: 'file', directory: '/out' }],
  };
  const disk = { claim: () => Promise.resolve(right(() => undefined)) };
  const perform = performing({
    ...{ payloads, programs: memoryPrograms(known), disk, node, ids, streams },
    ...{ mails: mailParts(), held: heldKeys(), log: silent },
  });
  const all: Steps = {
    process: processStep(() => [profile], routes, perform, streams, ids),
    purge: purge(payloads, streams, node),
  };
  const retries = { attempts: 3, firstDelay: 1, longestDelay: 1 };
  const { signal } = new AbortController();
  const load = async (): Promise<Folded> => {
    const loaded = await streams.load(id);
    if (!isRight(loaded) || loaded.right === undefined) throw new Error('there is no transfer');
    return loaded.right;
  };
  return {
    payloads,
    streams,
    load,
    idOfPart: (number: number) => ids.derived('part', id, number),
    /** So many transfers are created, and then the server is cut off. */
    breakAfter: (most: number) => {
      creations = most;
    },
    /** The transfers that were made of the parts of a mail: name, parent, and content. */
    parts: async () => {
      const found: string[][] = [];
      for (const part of (await load()).transfer.parts) {
        const loaded = await streams.load(part);
        const transfer = isRight(loaded) ? loaded.right?.transfer : undefined;
        const bytes = await bytesOf(await succeeded(payloads.read(transfer?.payload?.key ?? '')));
        found.push([transfer?.name ?? '', transfer?.parent?.transfer ?? '', String(bytes)]);
      }
      return found;
    },
    /** Runs the step so many times and tells what was recorded since. */
    processes: async (times: number) => {
      for (let i = 0; i < times; i += 1)
        await runOnce({ streams, steps: all, retries }, 'process', await load(), signal);
      const recorded = await streams.events(id);
      return isRight(recorded) ? recorded.right.slice(3).map((event) => event.type) : [];
    },
    purges: async () => runOnce({ streams, steps: all, retries }, 'purge', await load(), signal),
    keys: async () => {
      const keys: string[] = [];
      for await (const each of payloads.list(node)) keys.push(each.key);
      return keys;
    },
  };
};

const upper: MemoryProgram = (text) => ({ exit: well, result: text.toUpperCase() });
const failing: MemoryProgram = () => ({ exit: { kind: 'code', code: 1 }, said: 'no route' });

describe('the processing of a transfer', () => {
  it('runs the steps one after the other, each a record of its own, and hands the result to the responses', async () => {
    const steps = [run('upper', { result: 'stdout' }), rename('{stem}.out'), run('look')];
    const seen: string[] = [];
    const look: MemoryProgram = (text, { name, transfer }) => {
      seen.push(text, name, transfer);
      return { exit: well };
    };
    const server = await inner(steps, { upper, look });
    expect(await server.processes(5)).toEqual(['matched', 'stepDone', 'stepDone', 'stepDone', 'processed']);
    expect(seen).toEqual(['ABC', 'a.out', id]);
    const { transfer } = await server.load();
    const response = await server.streams.load(transfer.responses[0] ?? '');
    const made = isRight(response) ? response.right?.transfer : undefined;
    expect(made).toMatchObject({ payload: { key: `${node}.${id}s0`, size: 3 }, target: { name: 'a.out' } });
    expect((await bytesOf(await succeeded(server.payloads.read(`${node}.${id}s0`)))).toString()).toBe('ABC');
  });

  it('leaves the payload as it was delivered', async () => {
    const server = await inner([run('upper', { result: 'stdout' })], { upper });
    await server.processes(2);
    expect((await bytesOf(await succeeded(server.payloads.read(`${node}.${id}`)))).toString()).toBe('abc');
  });

  it('tells every try apart, in each step, and holds the transfer when a step has failed too often', async () => {
    const server = await inner([run('flaky'), run('failing')], {
      failing,
      flaky: (_, { attempt }) => ({ exit: attempt < 2 ? { kind: 'signal', signal: 'SIGKILL' } : well }),
    });
    expect(await server.processes(7)).toEqual([
      'matched',
      'stepFailed',
      'stepFailed',
      'stepDone',
      'stepFailed',
      'stepFailed',
      'stepFailed',
      'held',
    ]);
    const { transfer, heldFrom } = await server.load();
    expect(heldFrom).toBe('fetched');
    expect(transfer.held?.reason).toBe('gave up after 3 tries: failing failed with exit code 1: no route');
  });

  it('goes on with the step that failed when a person wants it tried again', async () => {
    const tries: string[] = [];
    const server = await inner([run('upper', { result: 'stdout' }), run('later', { permanentExitCodes: [1] })], {
      upper,
      later: (text, { run: runs, attempt }) => {
        tries.push(`${text} ${runs} ${attempt}`);
        return { exit: { kind: 'code', code: runs === 0 ? 1 : 0 } };
      },
    });
    expect(await server.processes(3)).toEqual(['matched', 'stepDone', 'stepFailed', 'held']);
    await server.streams.record(id, 'operator', () => right([{ type: 'retried', data: { reason: 'mended' } }]));
    expect((await server.processes(2)).slice(4)).toEqual(['retried', 'stepDone', 'processed']);
    expect(tries).toEqual(['ABC 0 0', 'ABC 1 0']);
  });

  it('replaces what a try has left that was cut off before it was recorded', async () => {
    const server = await inner([run('upper', { result: 'stdout' })], { upper });
    const left = await succeeded(server.payloads.write(`${node}.${id}s0`));
    await succeeded(left.write(0, Buffer.from('half')));
    await succeeded(left.commit());
    expect(await server.processes(2)).toEqual(['matched', 'stepDone']);
    expect((await bytesOf(await succeeded(server.payloads.read(`${node}.${id}s0`)))).toString()).toBe('ABC');
  });

  it('holds a transfer at once whose new name cannot be one', async () => {
    const server = await inner([rename('{name}{name}{name}'), rename(`{ext}{ext}${'x'.repeat(250)}`)]);
    expect(await server.processes(3)).toEqual(['matched', 'stepDone', 'stepFailed', 'held']);
    expect((await server.load()).transfer.name).toBe('a.xmla.xmla.xml');
  });
});

describe('a mail that is taken apart', () => {
  const split = (settings: object = {}): ProcessingStep => splitStep.parse({ kind: 'split', ...settings });
  const file = (name: string, body: string): string => filePart(`attachment; filename=${name}`, 'base64', body);
  const [one, two] = [file('a.xml', 'b25l'), file('A.xml', 'dHdv')];
  const mail = mailOfParts(['Content-Type: text/plain\r\n\r\nhello', one, two]);

  it('becomes transfers, each of which names it, and goes on itself as it is', async () => {
    const server = await inner([split()], {}, mail);
    expect(await server.processes(3)).toEqual(['matched', 'stepDone', 'processed']);
    expect(await server.parts()).toEqual([
      ['a.xml', id, 'one'],
      ['A-2.xml', id, 'two'],
    ]);
    const { transfer } = await server.load();
    expect(transfer.responses).toHaveLength(1);
    const recorded = await server.streams.events(id);
    const last = isRight(recorded) ? recorded.right.at(-1) : undefined;
    expect(last).toMatchObject({ type: 'processed', data: { parts: transfer.parts } });
  });

  it('is split once, however often it is tried, and what was made of it is left alone', async () => {
    const server = await inner([split()], {}, mail);
    const first = keyOf(node, server.idOfPart(2));
    const writer = await succeeded(server.payloads.write(first));
    await succeeded(writer.write(0, Buffer.from('left by a try that was cut off')));
    await succeeded(writer.commit());
    server.breakAfter(1);
    await expect(server.processes(2)).rejects.toThrow('cut off');
    const made = await server.streams.load(server.idOfPart(2));
    expect(isRight(made) ? made.right?.transfer.name : '').toBe('a.xml');
    server.breakAfter(Number.POSITIVE_INFINITY);
    expect(await server.processes(1)).toEqual(['matched', 'stepDone']);
    expect(await server.parts()).toEqual([
      ['a.xml', id, 'one'],
      ['A-2.xml', id, 'two'],
    ]);
    expect(isRight(made) ? made.right?.revision : 0).toBe(0n);
  });

  it('stays whole where a part of it is broken: nothing is made of the others, and it is held with the reason', async () => {
    const server = await inner([split()], {}, mailOfParts([one, file('b.xml', '!!!')]));
    expect(await server.processes(2)).toEqual(['matched', 'stepFailed', 'held']);
    expect((await server.load()).transfer.held?.reason).toBe(
      'the mail cannot be taken apart: the base64 of part 2 (b.xml) holds what is none; it stays whole',
    );
    expect(await server.keys()).toEqual([`${node}.${id}`]);
  });

  it('without attachments is held, or goes on where that is wanted', async () => {
    const text = 'Subject: x\r\n\r\nhello';
    const strict = await inner([split()], {}, text);
    expect(await strict.processes(2)).toEqual(['matched', 'stepFailed', 'held']);
    expect((await strict.load()).transfer.held?.reason).toBe('the mail has no attachment');
    const lenient = await inner([split({ withoutAttachments: 'pass' })], {}, text);
    expect(await lenient.processes(3)).toEqual(['matched', 'stepDone', 'processed']);
    const texts = await inner([split({ texts: true })], {}, text);
    expect(await texts.processes(2)).toEqual(['matched', 'stepDone']);
    expect(await texts.parts()).toEqual([['part-1.txt', id, 'hello']]);
  });
});

describe('the purge', () => {
  it('frees every copy that the steps have made', async () => {
    const server = await inner([run('upper', { result: 'stdout' }), run('upper', { result: 'file' })], { upper });
    await server.processes(3);
    expect(await server.keys()).toEqual([`${node}.${id}`, `${node}.${id}s0`, `${node}.${id}s1`]);
    await server.streams.record(id, 'operator', () => right([{ type: 'abandoned', data: { reason: 'twice' } }]));
    await server.purges();
    expect(await server.keys()).toEqual([]);
    expect(payload.key).not.toContain(node);
  });
});
