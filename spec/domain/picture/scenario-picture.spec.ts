import { describe, expect, it } from 'vitest';
import { roles, travels } from '../../../actors/roles.ts';
import { scenarioPicture } from '../../../domain/picture/scenario-picture.ts';
import { scenarios } from '../../../domain/scenarios/index.ts';
import { can } from '../../../domain/transfer/fold.ts';
import { type EventType, vocabulary } from '../../../domain/transfer/vocabulary.ts';
import { fact, given, recorded } from '../../support/given.ts';

const types = Object.keys(vocabulary) as EventType[];

describe.each(Object.values(scenarios))('the picture of $id', (scenario) => {
  const picture = scenarioPicture(scenario, { roles, travels });

  it('has the states and ways of the path, no more and no less', () => {
    expect(new Set(picture.states.map(({ id }) => id))).toEqual(
      new Set([...Object.keys(scenario.path), ...scenario.ends]),
    );
    const ways = Object.entries(scenario.path).flatMap(([from, edges]) =>
      Object.entries(edges).map(([event, to]) => `${from} ${event} ${to}`),
    );
    expect(picture.edges.map(({ from, event, to }) => `${from} ${event} ${to}`)).toEqual(ways);
  });

  it('puts each state into the lane of its owner, and names who records what', () => {
    const rows = picture.edges.map(({ from, event, by, travels: told }) => [from, by, event, told]);
    const table = roles.filter((row) => row.scenario === scenario.id);
    expect(new Set(rows)).toEqual(new Set(table.map((row) => [row.state, row.owner, row.event, row.travels])));
    for (const { state, owner } of table) expect(picture.states.find(({ id }) => id === state)?.lane).toBe(owner);
  });

  it('has one beginning, and its ends are where nothing leads on', () => {
    const of = (kind: string) => picture.states.filter((state) => state.kind === kind).map(({ id }) => id);
    expect(of('begin')).toEqual(['new']);
    expect(of('end').sort()).toEqual([...scenario.ends].sort());
  });

  it('names once what every state takes alike', () => {
    const words = picture.shared.map(({ from, event, to }) => `${from} ${event} ${to}`);
    expect(words.sort()).toEqual(
      [
        ...['any confirmed stay', 'any purged stay', 'any repeated stay', 'any reported stay', 'any viewChanged stay'],
        ...['open stepFailed stay', 'open retried stay', 'open held held', 'open abandoned abandoned'],
        ...['held released back', 'held retried back', 'held abandoned abandoned'],
      ].sort(),
    );
  });
});

describe('a picture', () => {
  it('says of a state just what its machine takes there', () => {
    const { edges, shared } = scenarioPicture(scenarios.partnerSends as never, { roles, travels });
    const folded = given('received', 'forwarded', 'fetched');
    const drawn = [...edges.filter(({ from }) => from === 'fetched'), ...shared.filter(({ from }) => from !== 'held')];
    const taken = types.filter((type) => can(folded, recorded(folded, fact(type))));
    expect(new Set(drawn.map(({ event }) => event))).toEqual(new Set(taken));
  });

  it('refuses a state that nobody owns', () => {
    const owners = { roles: roles.filter(({ state }) => state !== 'forwarded'), travels };
    expect(() => scenarioPicture(scenarios.partnerSends as never, owners)).toThrow('nobody owns forwarded');
  });
});
