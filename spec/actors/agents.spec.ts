import { left, right } from 'fp-ts/lib/Either.js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startAgents } from '../../actors/agents.ts';
import { startProjector } from '../../actors/projector.ts';
import { stepOf } from '../../actors/roles.ts';
import { laneOf } from '../../actors/transfer.ts';
import { temporary } from '../../domain/failure.ts';
import type { Messages } from '../../domain/message.ts';
import type { PartnerFile } from '../../domain/partner.ts';
import type { Log, ReadModels } from '../../domain/ports.ts';
import type { CronAgent } from '../../domain/profile.ts';
import type { EventData } from '../../domain/transfer/vocabulary.ts';
import { transfersProjection } from '../../projections/transfers.ts';
import { fact } from '../support/given.ts';
import { countedIds, manualClock } from '../support/manual-clock.ts';
import { memoryEventLog } from '../support/memory-event-log.ts';
import { everyMinute } from '../support/memory-partners.ts';
import { fullReadModels, memoryReadModels } from '../support/memory-read-models.ts';
import { succeeded } from '../support/outcome.ts';
import { streamsOf, tell } from '../support/telling.ts';
import { until } from '../support/until.ts';

const agent: CronAgent = {
  ...{ schedule: '* * * * *', timeZone: 'UTC', channel: 'acme', directory: '/out', name: '*.xml' },
  ...{ after: 'delete', settle: 2_000, missed: 'skip' },
};
const retries = { attempts: 3, firstDelay: 1_000, longestDelay: 1_000 };
const projection = transfersProjection({
  ...{ role: 'inner', node: 'inner-1', peer: undefined, stepOf, laneOf, retries, keepFor: 1_000 },
});
const file = (name: string, modified = 1_000): PartnerFile => ({ path: `/out/${name}`, name, size: 3, modified });

/** An inner whose log outlives its processes, and what its partner has. */
const world = (given: Partial<CronAgent> = {}) => {
  const told = { eventLog: memoryEventLog(), clock: manualClock(), ids: countedIds() };
  const alarms: string[] = [];
  const nothing = () => undefined;
  const log: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing, alarm: (what) => alarms.push(what) };
  const partner = { files: [] as PartnerFile[], linked: true, looks: 0, busy: 0, most: 0, failing: false };
  const messages: Pick<Messages, 'list' | 'links'> = {
    links: () => [{ role: 'dmz', node: 'dmz-1', up: partner.linked }],
    list: () => async () => {
      partner.looks += 1;
      partner.busy += 1;
      partner.most = Math.max(partner.most, partner.busy);
      await Promise.resolve();
      partner.busy -= 1;
      return partner.failing ? left(temporary('unreachable', 'nobody is there')) : right([...partner.files]);
    },
  };
  /** A process; `dies` says at which transfer its log gives out. */
  const start = async (models: ReadModels, dies = Number.POSITIVE_INFINITY) => {
    const stopping = new AbortController();
    const projector = await startProjector({ ...told, models, log }, [projection], stopping.signal);
    await projector.caughtUp;
    const own = streamsOf(told, 'inner');
    let made = 0;
    const record: typeof own.record = (id, step, decide) => {
      made += 1;
      return made > dies ? Promise.resolve(left(temporary('unavailable', 'it dies'))) : own.record(id, step, decide);
    };
    const needs = { ...told, log, models, projection, projector, messages, cron: everyMinute, dmz: () => 'dmz-1' };
    const profile = { name: 'fetch', match: { name: '*' }, steps: [], responses: [], agent: { ...agent, ...given } };
    const stopAgents = startAgents({ ...needs, streams: { ...own, record } }, [profile]);
    const stop = async () => {
      await stopAgents();
      stopping.abort();
      await projector.ended;
    };
    onTestFinished(stop);
    return { stop, rows: () => succeeded(models.query(projection, { limit: 1_000 })) };
  };
  const streams = async (category: string, type: string) => {
    const all = await succeeded(told.eventLog.readAll({ limit: 10_000 }));
    return all.filter((event) => event.stream.startsWith(category) && event.type === type);
  };
  const created = async () =>
    (await streams('transfer-', 'created')).map((event) => (event.data as { source: PartnerFile }).source.path).sort();
  /** Lets time go on until it is so. */
  const passing = <A>(what: string, look: () => Promise<A | false> | A | false) =>
    until(what, () => {
      told.clock.advance(6_000);
      return look();
    });
  /** Lets so many more runs end. */
  const runs = async (more: number) => {
    const before = (await streams('run-', 'runEnded')).length;
    await passing(`${more} more runs`, async () => (await streams('run-', 'runEnded')).length >= before + more);
  };
  /** Everything that was created is processed, and tidied up on dmz. */
  const end = async (
    rows: () => Promise<readonly { readonly id: string; readonly ended: boolean }[]>,
    as: Partial<EventData<'received'>> = {},
  ) => {
    for (const { id, ended } of await rows())
      if (!ended)
        await tell(
          told,
          id,
          'requested',
          fact('received', as),
          'forwarded',
          'fetched',
          fact('matched'),
          'processed',
          'acknowledged',
        );
    await until('the read model says so', async () => (await rows()).every((row) => row.ended));
  };
  return { ...{ partner, start, created, runs, end, streams, alarms }, passing };
};

describe('an agent', () => {
  it('starts one transfer for each file, and none again while that is open', async () => {
    const { partner, start, created, runs } = world();
    partner.files = [file('a.xml'), file('b.xml'), file('c.txt')];
    await start(memoryReadModels());
    await runs(3);
    expect(await created()).toEqual(['/out/a.xml', '/out/b.xml']);
    expect(partner.most).toBe(1);
  });

  it('takes a name again once its transfer has ended: it is a new file', async () => {
    const { partner, start, created, runs, end } = world();
    partner.files = [file('a.xml')];
    const { rows } = await start(memoryReadModels());
    await runs(1);
    partner.files = [];
    await end(rows);
    await runs(1);
    partner.files = [file('a.xml', 2_000)];
    await runs(2);
    expect(await created()).toEqual(['/out/a.xml', '/out/a.xml']);
  });

  it('with keep starts nothing twice: not in later runs, not after a restart, not over new read models', async () => {
    const { partner, start, created, runs, end } = world({ after: 'keep' });
    partner.files = [file('a.xml'), file('b.xml')];
    const models = memoryReadModels();
    const first = await start(models);
    await runs(2);
    await end(first.rows);
    await runs(2);
    await first.stop();
    for (const later of [models, memoryReadModels()]) {
      const { stop } = await start(later);
      await runs(2);
      expect(await created()).toEqual(['/out/a.xml', '/out/b.xml']);
      await stop();
    }
    partner.files = [file('a.xml', 2_000), file('b.xml')];
    await start(memoryReadModels());
    await runs(2);
    expect(await created()).toEqual(['/out/a.xml', '/out/a.xml', '/out/b.xml']);
  });

  it.each(['delete', 'keep'] as const)(
    'with %s goes on after a crash between finding files and starting them',
    async (after) => {
      const { partner, start, created, runs, streams, passing } = world({ after });
      partner.files = ['a.xml', 'b.xml', 'c.xml'].map((name) => file(name));
      const dying = await start(memoryReadModels(), 1);
      await passing(
        'it dies',
        async () => (await created()).length === 1 && (await streams('run-', 'filesFound')).length > 0,
      );
      await dying.stop();
      await start(memoryReadModels());
      await runs(2);
      expect(await created()).toEqual(['/out/a.xml', '/out/b.xml', '/out/c.xml']);
      const slots = (await streams('agent-', 'slotTaken')).map((event) => (event.data as { slot: number }).slot);
      expect(new Set(slots).size).toBe(slots.length);
    },
  );

  it('looks again after a restart where a stop came before it had found anything', async () => {
    const { partner, start, created, runs, streams, passing } = world();
    partner.files = [file('a.xml')];
    partner.linked = false;
    const { stop } = await start(memoryReadModels());
    await passing('a run has started', async () => (await streams('run-', 'runStarted')).length === 1);
    await stop();
    partner.linked = true;
    await start(memoryReadModels());
    await runs(1);
    expect(await created()).toEqual(['/out/a.xml']);
    expect((await streams('run-', 'runStarted')).length).toBeLessThanOrEqual(2);
  });

  it('with keep does not fetch again a file that had changed between its listing and its fetching', async () => {
    const { partner, start, created, runs, end } = world({ after: 'keep' });
    partner.files = [file('a.xml')];
    const { rows } = await start(memoryReadModels());
    await runs(1);
    partner.files = [file('a.xml', 2_000)];
    await end(rows, { path: '/out/a.xml', modified: 2_000 });
    await runs(3);
    expect(await created()).toEqual(['/out/a.xml']);
    partner.files = [file('a.xml', 3_000)];
    await runs(2);
    expect(await created()).toEqual(['/out/a.xml', '/out/a.xml']);
  });

  it('waits for the link, and asks nobody meanwhile', async () => {
    const { partner, start, created, streams, passing, runs } = world();
    partner.files = [file('a.xml')];
    partner.linked = false;
    await start(memoryReadModels());
    await passing('a run has started', async () => (await streams('run-', 'runStarted')).length === 1);
    expect(partner.looks).toBe(0);
    partner.linked = true;
    await runs(1);
    expect(await created()).toEqual(['/out/a.xml']);
  });

  it('tells of a partner that cannot be asked, and tries at its next time', async () => {
    const { partner, start, created, streams, alarms, passing, runs } = world();
    partner.files = [file('a.xml')];
    partner.failing = true;
    await start(memoryReadModels());
    await passing('a run has failed', async () => (await streams('run-', 'runFailed')).length > 0);
    await passing('another has', async () => (await streams('run-', 'runFailed')).length > 1);
    expect(alarms).toEqual(['a run could not see what the partner has; the next time tries again']);
    partner.failing = false;
    await runs(1);
    expect(await created()).toEqual(['/out/a.xml']);
  });

  it('starts nothing while it cannot see what is on its way already', async () => {
    const disk = { full: false };
    const { partner, start, created, runs, streams, passing } = world();
    await start(fullReadModels(memoryReadModels(), disk));
    await runs(1);
    disk.full = true;
    partner.files = [file('a.xml')];
    const failed = async () => (await streams('run-', 'runFailed')).length;
    await passing('two runs could not see', async () => (await failed()) > 1);
    expect(await created()).toEqual(['/out/a.xml']);
    disk.full = false;
    await runs(1);
    expect(await created()).toEqual(['/out/a.xml']);
  });

  it('begins again by itself where the log gave out under it', async () => {
    const { partner, start, created, alarms, passing } = world();
    partner.files = [file('a.xml')];
    await start(memoryReadModels(), 0);
    await passing(
      'it has begun again',
      () => alarms.filter((each) => each.startsWith('an agent has stopped')).length > 1,
    );
    expect(await created()).toEqual([]);
  });
});
