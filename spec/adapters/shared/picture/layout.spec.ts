import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { roles, travels } from '../../../../actors/roles.ts';
import { layout } from '../../../../adapters/shared/picture/layout.ts';
import type { Box, Point } from '../../../../adapters/shared/picture/shapes.ts';
import { widthOf } from '../../../../adapters/shared/picture/text.ts';
import type { Picture } from '../../../../domain/picture/picture.ts';
import { scenarioPicture } from '../../../../domain/picture/scenario-picture.ts';
import { transferPicture } from '../../../../domain/picture/transfer-picture.ts';
import { type Scenario, scenarios } from '../../../../domain/scenarios/index.ts';
import { scenario } from '../../../../domain/scenarios/scenario.ts';
import { id } from '../../../support/given.ts';
import { anyWalk } from '../../../support/walks.ts';

const owners = { roles, travels };
const meet = (a: Box, b: Box): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
const within = (inner: Box, outer: Box): boolean =>
  inner.x >= outer.x &&
  inner.y >= outer.y &&
  inner.x + inner.width <= outer.x + outer.width &&
  inner.y + inner.height <= outer.y + outer.height;
const segment = (a: Point, b: Point): Box => ({
  x: Math.min(a.x, b.x),
  y: Math.min(a.y, b.y),
  width: Math.abs(a.x - b.x),
  height: Math.abs(a.y - b.y),
});

/** What a person would call wrong with a picture. */
const faults = (picture: Picture): readonly string[] => {
  const { nodes, lines, lanes, width, height, notes, title, under } = layout(picture);
  const page = { x: 0, y: 0, width, height };
  const boxes = [
    ...nodes.map(({ state, box }) => ({ name: state.id, box, ends: [state.id] })),
    ...lines.map(({ edge, pill }) => ({
      name: `the words of ${edge.from} ${edge.event} ${edge.to}`,
      box: { x: pill.x - pill.width / 2, y: pill.y - pill.height / 2, width: pill.width, height: pill.height },
      ends: [`${edge.from} ${edge.event} ${edge.to}`],
    })),
  ];
  const found: string[] = [];
  for (const [i, a] of boxes.entries()) {
    if (!within(a.box, page)) found.push(`${a.name} leaves the page`);
    for (const b of boxes.slice(i + 1)) if (meet(a.box, b.box)) found.push(`${a.name} lies over ${b.name}`);
  }
  for (const { state, box } of nodes) if (!within(box, lanes[state.lane])) found.push(`${state.id} leaves its lane`);
  for (const { edge, points } of lines) {
    const own = [edge.from, edge.to, `${edge.from} ${edge.event} ${edge.to}`];
    for (const [i, point] of points.slice(1).entries()) {
      const piece = segment(points[i] ?? point, point);
      if (piece.width > 0 && piece.height > 0) found.push(`${own[2]} goes aslant`);
      for (const { name, box, ends } of boxes)
        if (!ends.some((end) => own.includes(end)) && meet(piece, box)) found.push(`${own[2]} goes through ${name}`);
    }
  }
  if (new Set(nodes.map(({ state }) => state.id)).size !== picture.states.length) found.push('a state is missing');
  if (lines.length !== picture.edges.length) found.push('an edge is missing');
  if (widthOf(title, { size: 18, bold: true }) > width || widthOf(under, { size: 12 }) > width)
    found.push('the title is too wide');
  for (const note of notes)
    if (note.y <= lanes.dmz.y + lanes.dmz.height || note.y > height) found.push('a note is out of place');
  return found;
};

describe('the layout', () => {
  it.each(Object.values(scenarios))('of $id has everything apart and in its lane', (each) => {
    expect(faults(scenarioPicture(each, owners))).toEqual([]);
  });

  it('of any transfer has everything apart and in its lane', () => {
    fc.assert(
      fc.property(anyWalk, (events) => {
        const picture = transferPicture(id, events, owners);
        expect(picture && faults(picture)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('draws ways that pass states by, and ways back, along the outside', () => {
    const each: Scenario = scenario(
      'detour',
      'a way around',
      {
        new: { created: 'created', received: 'fetched' },
        created: { requested: 'requested' },
        requested: { staged: 'staged', retried: 'created' },
        staged: { fetched: 'fetched' },
        fetched: { sent: 'sent', expired: 'created' },
      },
      ['sent'],
    );
    const rows = Object.keys(each.path).map((state) => ({
      scenario: 'detour',
      state,
      step: state,
      owner: state === 'staged' ? ('dmz' as const) : ('inner' as const),
    }));
    expect(faults(scenarioPicture(each, { roles: rows, travels: () => true }))).toEqual([]);
  });

  it('leaves no state out unseen: these tests find one that has no place', () => {
    const picture = scenarioPicture(scenarios.provide as Scenario, owners);
    const twice = {
      ...picture,
      states: [...picture.states, { ...(picture.states[1] as (typeof picture.states)[number]), id: 'lost' }],
    };
    expect(
      faults({
        ...twice,
        states: twice.states.map((state) => (state.id === 'lost' ? { ...state, beside: 'nowhere' } : state)),
      }),
    ).toEqual(['a state is missing']);
  });
});
