import { describe, expect, it } from 'vitest';
import { tidy } from '../../../actors/steps/tidy.ts';
import type { Log } from '../../../domain/ports.ts';
import type { Source } from '../../../domain/transfer/vocabulary.ts';
import { entersTo } from '../../support/entering.ts';
import { fact, given, id } from '../../support/given.ts';
import { answerLost, type MemoryPartner, memoryPartner } from '../../support/memory-partner.ts';
import { failureOf, succeeded } from '../../support/outcome.ts';

const path = '/out/a.xml';
const done = [{ type: 'acknowledged', data: {} }];

const world = (files: Readonly<Record<string, number>> = { [path]: 1_000 }) => {
  const partner = memoryPartner();
  for (const [each, modified] of Object.entries(files))
    partner.files.set(each, { bytes: Buffer.from('abc'), modified });
  return partner;
};
const tidying = (partner: MemoryPartner, source: Partial<Source>, alarms: string[] = []) => {
  const nothing = () => undefined;
  const log: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing, alarm: (what) => alarms.push(what) };
  const created = fact('created', {
    ...{ scenario: 'cronGet', profile: 'fetch', dmz: 'dmz-1' },
    source: { path, name: 'a.xml', size: 3, modified: 1_000, after: 'delete', ...source },
  });
  const received = fact('received', { path, modified: 1_000 });
  const story = given(created, 'requested', received, 'forwarded', 'fetched', 'matched', 'processed');
  return tidy(entersTo(partner), log)(story, new AbortController().signal);
};
const paths = (partner: MemoryPartner) => [...partner.files.keys()];

describe("tidying up the partner's copy", () => {
  it('deletes it', async () => {
    const partner = world();
    expect(await succeeded(tidying(partner, { after: 'delete' }))).toEqual(done);
    expect(paths(partner)).toEqual([]);
  });

  it('moves it, and under another name where its own is taken there', async () => {
    const partner = world();
    partner.directories.add('/done');
    expect(await succeeded(tidying(partner, { after: 'move', moveTo: '/done' }))).toEqual(done);
    expect(paths(partner)).toEqual(['/done/a.xml']);
    partner.files.set(path, { bytes: Buffer.from('abc'), modified: 1_000 });
    expect(await succeeded(tidying(partner, { after: 'move', moveTo: '/done' }))).toEqual(done);
    expect(paths(partner)).toEqual(['/done/a.xml', `/done/a.${id}.xml`]);
  });

  it('keeps it without a question', async () => {
    const partner = world();
    expect(await succeeded(tidying(partner, { after: 'keep' }))).toEqual(done);
    expect(partner.calls).toEqual([]);
    expect(paths(partner)).toEqual([path]);
  });

  it.each(['delete', 'move'] as const)(
    'keeps one that has changed, with an alarm, where it is to %s',
    async (after) => {
      const partner = world({ [path]: 2_000 });
      partner.directories.add('/done');
      const alarms: string[] = [];
      expect(await succeeded(tidying(partner, { after, moveTo: '/done' }, alarms))).toEqual(done);
      expect(paths(partner)).toEqual([path]);
      expect(alarms).toEqual(['a file that was fetched has changed at the partner, and is kept there']);
    },
  );

  it('is done where the file is gone already', async () => {
    expect(await succeeded(tidying(world({}), { after: 'delete' }))).toEqual(done);
    expect(await succeeded(tidying(world({}), { after: 'move', moveTo: '/done' }))).toEqual(done);
  });

  it('is done by the next try where the answer was lost', async () => {
    const partner = world();
    partner.failNext('remove', answerLost, 'after');
    expect(await failureOf(tidying(partner, {}))).toMatchObject({ lasting: 'temporary' });
    expect(await succeeded(tidying(partner, {}))).toEqual(done);
  });

  it('is not done where the directory to move it to does not exist: the file would be fetched again', async () => {
    const partner = world();
    expect(await failureOf(tidying(partner, { after: 'move', moveTo: '/done' }))).toMatchObject({
      lasting: 'permanent',
      text: 'the partner has no directory /done to move /out/a.xml to',
    });
    expect(paths(partner)).toEqual([path]);
  });
});
