import { describe, expect, it } from 'vitest';
import { roles, travels } from '../../../actors/roles.ts';
import { replay } from '../../../domain/picture/replay.ts';
import { transferPicture } from '../../../domain/picture/transfer-picture.ts';
import type { EventType } from '../../../domain/transfer/vocabulary.ts';
import { fact, id, story } from '../../support/given.ts';

const owners = { roles, travels };
const draw = (...types: readonly EventType[]) => {
  const picture = transferPicture(id, story(...types).events, owners);
  if (picture === undefined) throw new Error('there is no picture');
  return {
    picture,
    here: picture.states.filter(({ marked }) => marked).map(({ id: state }) => state),
    taken: picture.edges.flatMap(({ from, to, event, taken }) =>
      taken.length === 0 ? [] : [`${from} ${event} ${to}: ${taken.map(({ revision }) => revision).join(' ')}`],
    ),
  };
};

describe("a transfer's picture", () => {
  it('marks its state, and the events along the edges that they took', () => {
    const { here, taken, picture } = draw('received', 'forwarded', 'fetched', 'matched', 'stepDone', 'stepDone');
    expect(here).toEqual(['fetched']);
    expect(taken).toEqual([
      'new received received: 0',
      'received forwarded forwarded: 1',
      'forwarded fetched fetched: 2',
      'fetched matched fetched: 3',
      'fetched stepDone fetched: 4 5',
    ]);
    expect(picture.states.filter(({ visited }) => !visited).map((each) => each.id)).toEqual([
      'processed',
      'acknowledged',
    ]);
  });

  it('shows held beside the state that it left, once for each', () => {
    const { here, taken, picture } = draw(
      'received',
      'held',
      'released',
      'held',
      'retried',
      'forwarded',
      'stepFailed',
      'held',
    );
    expect(here).toEqual(['forwarded.held']);
    expect(taken).toEqual(
      expect.arrayContaining([
        'received held received.held: 1 3',
        'received.held released received: 2',
        'received.held retried received: 4',
        'forwarded stepFailed forwarded: 6',
        'forwarded held forwarded.held: 7',
      ]),
    );
    expect(picture.states.filter(({ kind }) => kind === 'held').map(({ beside, lane }) => [beside, lane])).toEqual([
      ['received', 'inner'],
      ['forwarded', 'inner'],
    ]);
    expect(picture.transfer).toMatchObject({
      state: 'held',
      heldFrom: 'forwarded',
      reason: 'no profile',
      name: 'a.xml',
    });
  });

  it('ends an abandoned one beside the state from which it was', () => {
    expect(draw('received', 'abandoned').picture.states.at(-1)).toMatchObject({
      id: 'abandoned',
      beside: 'received',
      kind: 'end',
    });
    const { here, taken, picture } = draw('received', 'held', 'abandoned');
    expect([here, taken.at(-1)]).toEqual([['abandoned'], 'received.held abandoned abandoned: 2']);
    expect(picture.states.at(-1)).toMatchObject({ beside: 'received.held', marked: true });
  });

  it('names beside the picture what moved nothing, and what the machine could not take', () => {
    const { picture } = draw('received', 'confirmed', 'sent', 'viewChanged', 'viewChanged');
    expect(picture.transfer?.remarks.map(({ label, taken }) => [label, taken.map(({ revision }) => revision)])).toEqual(
      [
        ['confirmed', [1]],
        ['view changed', [3, 4]],
      ],
    );
    expect(picture.transfer?.illegal).toEqual(['sent in received']);
  });

  it('is none where no event opens a transfer', () => {
    expect(transferPicture(id, [], owners)).toBeUndefined();
    expect(transferPicture(id, story('received', 'forwarded').events.slice(1), owners)).toBeUndefined();
  });
});

describe('a replay', () => {
  const told = (...types: readonly EventType[]) =>
    replay(id, story(...types).events, owners).map(({ by, lane, after, legal }) => [by, after.state, lane, legal]);

  it('gives the state after each event, who recorded it, and whose the transfer is then', () => {
    expect(
      told('received', 'confirmed', 'forwarded', 'held', 'released', 'fetched', 'processed', 'acknowledged'),
    ).toEqual([
      ['dmz', 'received', 'inner', true],
      ['inner', 'received', 'inner', true],
      ['inner', 'forwarded', 'inner', true],
      ['inner', 'held', 'inner', true],
      ['inner', 'forwarded', 'inner', true],
      ['inner', 'fetched', 'inner', true],
      ['inner', 'processed', 'dmz', true],
      ['dmz', 'acknowledged', 'dmz', true],
    ]);
  });

  it('leaves an ended transfer in the lane of its end', () => {
    const { events } = story('received', 'abandoned', 'purged');
    const purged = { ...events[2], meta: { ...events[2]?.meta, origin: 'dmz-1' } } as (typeof events)[number];
    expect(replay(id, [...events.slice(0, 2), purged], owners).map(({ lane }) => lane)).toEqual([
      'inner',
      'inner',
      'inner',
    ]);
  });

  it('goes on past an event that the machine cannot take', () => {
    expect(told('received', 'sent', 'forwarded').map(([, state, , legal]) => [state, legal])).toEqual([
      ['received', true],
      ['received', false],
      ['forwarded', true],
    ]);
  });

  it('knows a transfer of inner alone', () => {
    const { events } = story(fact('created'), 'prepared', 'sent');
    expect(replay(id, events, owners).map(({ by, lane }) => `${by} ${lane}`)).toEqual(Array(3).fill('inner inner'));
  });
});
