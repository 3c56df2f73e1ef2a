import { isRight, right } from 'fp-ts/lib/Either.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { describe, expect, it } from 'vitest';
import { runStep as runOnce, type Steps } from '../../../actors/step.ts';
import { performing } from '../../../actors/steps/perform.ts';
import { process as processStep } from '../../../actors/steps/process.ts';
import { purge } from '../../../actors/steps/purge.ts';
import { openStreams } from '../../../actors/streams.ts';
import { type ProcessingStep, renameStep, runStep } from '../../../domain/processing.ts';
import type { Profile } from '../../../domain/profile.ts';
import { encode } from '../../../domain/transfer/codec.ts';
import { transferStream } from '../../../domain/transfer/event-id.ts';
import type { Folded } from '../../../domain/transfer/fold.ts';
import { id, payload, story } from '../../support/given.ts';
import { countedIds, manualClock } from '../../support/manual-clock.ts';
import { memoryEventLog } from '../../support/memory-event-log.ts';
import { routes } from '../../support/memory-partners.ts';
import { memoryPayloadStore } from '../../support/memory-payload-store.ts';
import { type MemoryProgram, memoryPrograms, well } from '../../support/memory-programs.ts';
import { bytesOf, succeeded } from '../../support/outcome.ts';

const run = (name: string, settings: object = {}): ProcessingStep =>
  runStep.parse({ kind: 'run', command: [name], ...settings });
const rename = (template: string): ProcessingStep => renameStep.parse({ kind: 'rename', template });
const node = 'inner-1';

/** An inner server that holds a fetched transfer of the payload `abc`, and whose one profile has these steps. */
const inner = async (steps: readonly ProcessingStep[], known: Readonly<Record<string, MemoryProgram>> = {}) => {
  const [log, payloads, ids, clock] = [memoryEventLog(), memoryPayloadStore(), countedIds(), manualClock()];
  const streams = openStreams({ log, clock, ids, role: 'inner', node });
  const writer = await succeeded(payloads.write(`${node}.${id}`));
  await succeeded(writer.write(0, Buffer.from('abc')));
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
    payloads,
    programs: memoryPrograms(known),
    disk,
    node,
    readReport: () => TE.right(undefined),
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
