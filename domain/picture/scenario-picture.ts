/** A scenario's picture, read off its machine. */
import type { AnyStateMachine } from 'xstate';
import type { Scenario } from '../scenarios/index.ts';
import { type EventType, isEventType, labels } from '../transfer/vocabulary.ts';
import { type Owners, rowOf } from './owners.ts';
import type { Picture, PictureEdge, PictureState, SharedEvent } from './picture.ts';

type Node = AnyStateMachine['root'];

/** The picture of a scenario; refuses an open state that nobody owns. */
export const scenarioPicture = (scenario: Scenario, owners: Owners): Picture => {
  const { id, title, machine } = scenario;
  const nodes = leaves(machine.root);
  const path = nodes.filter(({ parent }) => parent !== machine.root);
  const edges = path.flatMap((node) => {
    const by = rowOf(owners, id, node.key)?.owner;
    if (by === undefined) throw new Error(`nobody owns ${node.key} of ${id}`);
    return exits(node).map(({ event, target }): PictureEdge => {
      const travels = owners.travels(id, event);
      return { from: node.key, to: target?.key ?? node.key, event, label: labels[event], by, travels, taken: [] };
    });
  });
  const ends = nodes.filter((node) => !path.includes(node) && edges.some(({ to }) => to === node.key));
  const beside = nodes.filter((node) => !path.includes(node) && !ends.includes(node));
  return {
    scenario: id,
    title,
    states: [...path, ...ends].map((node) => stateOf(id, owners, edges, node)),
    edges,
    shared: [
      ...compounds(machine.root).flatMap((node) => sharedOf(node === machine.root ? 'any' : node.key, node)),
      ...beside.flatMap((node) => sharedOf(node.key, node)),
    ],
  };
};

const stateOf = (scenario: string, owners: Owners, edges: readonly PictureEdge[], node: Node): PictureState => {
  const { key } = node;
  const entry = edges.find(({ from, to }) => to === key && from !== key);
  const row = rowOf(owners, scenario, key);
  const ways = new Set(edges.filter(({ from, to }) => from === key && to !== key).map(({ to }) => to));
  return {
    ...{ id: key, label: wordsOf(key), visited: false, marked: false },
    lane: row?.owner ?? entry?.by ?? 'inner',
    kind: row !== undefined ? (entry === undefined ? 'begin' : 'open') : 'end',
    ...(entry !== undefined && ways.size === 1 && row !== undefined && { step: row.step }),
  };
};

const leaves = (node: Node): readonly Node[] =>
  node.type === 'history' ? [] : node.type === 'atomic' ? [node] : Object.values(node.states).flatMap(leaves);

const compounds = (node: Node): readonly Node[] =>
  node.type === 'compound' ? [...Object.values(node.states).flatMap(compounds), node] : [];

const exits = (node: Node): readonly { readonly event: EventType; readonly target: Node | undefined }[] =>
  [...node.transitions].flatMap(([event, ways]) =>
    isEventType(event) ? ways.map(({ target }) => ({ event, target: target?.[0] })) : [],
  );

const sharedOf = (from: string, node: Node): readonly SharedEvent[] =>
  exits(node).map(({ event, target }) => {
    const to = target === undefined ? 'stay' : target.type === 'history' ? 'back' : target.key;
    return { from, event, label: labels[event], to };
  });

/** A state in the words of the event that it is named for. */
export const wordsOf = (state: string): string => (isEventType(state) ? labels[state] : state);
