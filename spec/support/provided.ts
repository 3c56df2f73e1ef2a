/** A dmz that provides files, over ports in memory. */
import { isLeft } from 'fp-ts/lib/Either.js';
import { onTestFinished } from 'vitest';
import { startProjector } from '../../actors/projector.ts';
import { provide } from '../../actors/steps/provide.ts';
import type { Attempt } from '../../domain/failure.ts';
import { keyOf } from '../../domain/payload.ts';
import type { Fact } from '../../domain/transfer/vocabulary.ts';
import { type HomeRow, homeProjection } from '../../projections/home.ts';
import { fact } from './given.ts';
import { countedIds, manualClock } from './manual-clock.ts';
import { memoryEventLog } from './memory-event-log.ts';
import { memoryPayloadStore } from './memory-payload-store.ts';
import { fullReadModels, memoryReadModels } from './memory-read-models.ts';
import { succeeded } from './outcome.ts';
import { silent } from './silent.ts';
import { streamsOf, tell } from './telling.ts';

/** How long its files wait for their partner. */
export const keepFor = 86_400_000;

/** Starts it, for one test. */
export const provider = async () => {
  const told = { eventLog: memoryEventLog(), clock: manualClock(), ids: countedIds() };
  const committed = new Map<string, Uint8Array>();
  const payloads = memoryPayloadStore({ committed, partials: new Map() });
  const disk = { full: false };
  const models = fullReadModels(memoryReadModels(), disk);
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const projector = await startProjector({ ...told, models, log: silent }, [homeProjection], stop.signal);
  const streams = streamsOf(told, 'dmz');
  const reading = new Map<string, number>();
  const needs = { ...told, payloads, models, projector, streams, node: 'dmz-1', reading };
  const shown = async (): Promise<readonly HomeRow[]> => {
    await projector.settled(streams.position());
    const rows = await succeeded(models.query(homeProjection, { where: { channel: 'acme' }, limit: 100 }));
    return rows.filter((row) => row.path !== '');
  };
  const trying = async (id: string): Promise<Attempt<readonly Fact[]>> => {
    const loaded = await streams.load(id);
    if (isLeft(loaded) || loaded.right === undefined) throw new Error(`there is no transfer ${id}`);
    return provide(needs)(loaded.right, stop.signal);
  };
  return {
    ...{ streams, reading, payloads, disk, shown, trying },
    now: told.clock.now,
    /** A file that inner has staged here, to be provided at a path of its partner's home. */
    staged: async (id: string, directory: string, name: string, content: string, after: 'keep' | 'delete' = 'keep') => {
      const target = { kind: 'home', directory, name, keepFor, afterPickUp: after } as const;
      const payload = { key: `inner-1.${id}`, size: content.length, sha256: 'a'.repeat(64) };
      committed.set(keyOf('dmz-1', id), Buffer.from(content));
      const created = fact('created', { scenario: 'provide', dmz: 'dmz-1', payload, target });
      await tell(told, id, created, 'requested', 'staged');
    },
    /** Provides what was staged. */
    provides: async (id: string): Promise<void> => {
      const facts = await succeeded(await trying(id));
      const recorded = await streams.record(id, 'provide', () => ({ _tag: 'Right', right: facts }));
      if (isLeft(recorded)) throw new Error(recorded.left.text);
    },
    stateOf: async (id: string): Promise<string | undefined> => {
      const loaded = await streams.load(id);
      return isLeft(loaded) ? loaded.left.text : loaded.right?.state;
    },
  };
};
