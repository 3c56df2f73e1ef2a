import { right } from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { process } from '../../../actors/steps/process.ts';
import type { Streams } from '../../../actors/streams.ts';
import { onlyWaits } from '../../../domain/transfer/decide.ts';
import { given } from '../../support/given.ts';
import { countedIds } from '../../support/manual-clock.ts';
import { routes } from '../../support/memory-partners.ts';
import { failureOf, succeeded } from '../../support/outcome.ts';

describe('processing', () => {
  it('creates the same responses again when a retry comes in between, never others', async () => {
    const created: string[] = [];
    const record: Streams['record'] = (id) => {
      created.push(id);
      return Promise.resolve(right(undefined));
    };
    const responses = [{ kind: 'file', directory: '/out' }] as const;
    const profile = { name: 'orders', match: { name: '*' }, steps: [], responses };
    const perform = () => () => Promise.reject(new Error('there is no step'));
    const step = process(() => [profile], routes, perform, { record } as Streams, countedIds());
    const { signal } = new AbortController();
    const before = await succeeded(step(given('received', 'forwarded', 'fetched', 'matched'), signal));
    const after = await succeeded(step(given('received', 'forwarded', 'fetched', 'matched', 'retried'), signal));
    expect(created.length).toBe(2);
    expect(created[0]).toBe(created[1]);
    expect(after).toEqual(before);
  });

  it.each([
    { kind: 'provide', channel: 'acme', directory: '/' },
    { kind: 'send', channel: 'acme', directory: '/', viaDmz: true },
  ] as const)('waits for a dmz where a $kind response needs one and none is configured', async (response) => {
    const profile = { name: 'orders', match: { name: '*' }, steps: [], responses: [response] };
    const none = { ...routes, dmz: () => undefined };
    const perform = () => () => Promise.reject(new Error('there is no step'));
    const record = () => Promise.reject(new Error('nothing is created'));
    const step = process(() => [profile], none, perform, { record } as unknown as Streams, countedIds());
    const failure = await failureOf(
      step(given('received', 'forwarded', 'fetched', 'matched'), new AbortController().signal),
    );
    expect(failure).toMatchObject({ lasting: 'temporary', code: 'noDmz' });
    expect(onlyWaits(failure)).toBe(true);
  });
});
