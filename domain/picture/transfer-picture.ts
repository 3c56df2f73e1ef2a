/** A transfer's picture: its scenario, its events along the edges that they took, its state marked. */
import { scenarios } from '../scenarios/index.ts';
import { isRemark } from '../scenarios/scenario.ts';
import type { Folded } from '../transfer/fold.ts';
import { labels, type TransferEvent } from '../transfer/vocabulary.ts';
import type { Owners } from './owners.ts';
import type { Picture, PictureEdge, PictureState, Taken } from './picture.ts';
import { type Replayed, replay } from './replay.ts';
import { scenarioPicture, wordsOf } from './scenario-picture.ts';

/** The picture of a transfer; undefined where its events open none. */
export const transferPicture = (id: string, events: readonly TransferEvent[], owners: Owners): Picture | undefined => {
  const told = replay(id, events, owners);
  const last = told.at(-1);
  const scenario = scenarios[last?.after.scenario ?? ''];
  if (last === undefined || scenario === undefined) return undefined;
  const plain = scenarioPicture(scenario, owners);
  const moves = told.filter(({ event, legal }) => legal && !isRemark(event.type));
  const visited = new Set(moves.flatMap(({ before, after }) => [place(before), place(after)]));
  const states = [...plain.states, ...besides(plain, moves)].map((state) => ({
    ...state,
    visited: visited.has(state.id),
    marked: state.id === place(last.after),
  }));
  const { transfer, state, heldFrom, illegal } = last.after;
  return {
    ...plain,
    states,
    edges: edgesOf(plain, moves, states, owners),
    transfer: {
      ...{ id, state, illegal, name: transfer.name, channel: transfer.channel, begun: transfer.createdAt },
      ...(heldFrom !== undefined && { heldFrom }),
      ...(state === 'held' && transfer.held !== undefined && { reason: transfer.held.reason }),
      ...(transfer.parent !== undefined && { parent: transfer.parent.transfer }),
      ...(transfer.parts.length > 0 && { parts: transfer.parts }),
      remarks: remarksOf(told.filter(({ event, legal }) => legal && isRemark(event.type))),
    },
  };
};

/** Where a transfer is in the picture: `held` once for each state that it can go back to. */
const place = ({ state, heldFrom }: Folded): string => (heldFrom === undefined ? state : `${heldFrom}.${state}`);

/** The states off the path that were entered, each beside the state from which it was. */
const besides = (plain: Picture, moves: readonly Replayed[]): readonly PictureState[] => {
  const found: PictureState[] = [];
  for (const { before, after } of moves) {
    const known = [...plain.states, ...found];
    const left = known.find(({ id }) => id === place(before));
    const [id, label] = [place(after), wordsOf(after.state)];
    if (left === undefined || known.some((state) => state.id === id)) continue;
    const kind = after.ended ? 'end' : 'held';
    found.push({ id, label, kind, lane: left.lane, beside: left.id, visited: true, marked: false });
  }
  return found;
};

const edgesOf = (
  { scenario, edges: plain }: Picture,
  moves: readonly Replayed[],
  states: readonly PictureState[],
  owners: Owners,
): readonly PictureEdge[] => {
  const edges = new Map(plain.map((edge) => [`${edge.from} ${edge.to} ${edge.event}`, edge]));
  for (const move of moves) {
    const [from, to, event] = [place(move.before), place(move.after), move.event.type];
    const by = states.find(({ id }) => id === from)?.lane ?? move.by;
    const key = `${from} ${to} ${event}`;
    const edge = edges.get(key) ?? {
      from,
      to,
      event,
      by,
      label: labels[event],
      travels: owners.travels(scenario, event),
      taken: [],
    };
    edges.set(key, { ...edge, taken: [...edge.taken, takenBy(move)] });
  }
  return [...edges.values()];
};

const takenBy = ({ revision, event: { meta } }: Replayed): Taken => ({ revision, at: meta.at, origin: meta.origin });

const remarksOf = (told: readonly Replayed[]): { readonly label: string; readonly taken: readonly Taken[] }[] =>
  [...new Set(told.map(({ event }) => event.type))].map((type) => ({
    label: labels[type],
    taken: told.filter(({ event }) => event.type === type).map(takenBy),
  }));
