/** What a picture says in words, beside its states and edges. */
import type { Picture, PictureEdge, SharedEvent, Taken } from '../../../domain/picture/picture.ts';
import { partsWords } from '../../../domain/transfer/words.ts';
import { clip, drawable } from './text.ts';

/** The words on an edge: the event, and under it who records it, or when it was recorded. */
export const edgeWords = (edge: PictureEdge, { transfer }: Picture): readonly string[] => {
  const { label, by, taken } = edge;
  if (transfer === undefined) return [label, `recorded by ${by}`];
  return taken.length === 0 ? [label] : [timesWords(label, taken), takenWords(taken, transfer.begun)];
};

const timesWords = (label: string, taken: readonly Taken[]): string =>
  taken.length === 1 ? label : `${label} ×${taken.length}`;

const [faceOfOrigin, longestOrigin] = [{ size: 11 }, 90];

const takenWords = (taken: readonly Taken[], begun: number): string => {
  const last = taken.at(-1);
  return last === undefined
    ? ''
    : `#${last.revision} · ${clip(last.origin, faceOfOrigin, longestOrigin)} · ${clock(last.at, begun)}`;
};

/** The time of day; with the day where it is not the day on which it all began. */
const clock = (at: number, begun: number): string => {
  const [day = '', time = ''] = new Date(at).toISOString().slice(0, 19).split('T');
  return new Date(begun).toISOString().startsWith(day) ? time : `${day.slice(5)} ${time}`;
};

/** A line under a picture. */
export type Note = { readonly lead: string; readonly text: string };

/** The title, and what stands under it. */
export const headWords = ({
  title,
  scenario,
  transfer,
}: Picture): { readonly title: string; readonly under: string } => {
  if (transfer === undefined) return { title: capital(title), under: scenario };
  const { id, name, channel, begun } = transfer;
  const day = new Date(begun).toISOString().slice(0, 10);
  return { title: drawable(name), under: [title, `channel ${drawable(channel)}`, id, `${day}, UTC`].join(' · ') };
};

/** The lines under it. */
export const notes = ({ edges, shared, transfer }: Picture): readonly Note[] => {
  if (transfer === undefined)
    return [
      {
        lead: 'A state',
        text: 'stands in the lane of its owner: the server that records the event by which it is left.',
      },
      ...(edges.some(({ travels }) => !travels) ? [dashed] : []),
      ...[...new Set(shared.map(({ from }) => from))]
        .sort((a, b) => Number(a === 'any') - Number(b === 'any'))
        .map((from) => ({ lead: placeWords(from), text: sharedWords(shared.filter((each) => each.from === from)) })),
    ];
  const { reason, heldFrom, remarks, illegal, begun, parent, parts } = transfer;
  return [
    ...(reason === undefined ? [] : [{ lead: `Held in ${heldFrom ?? 'it'}:`, text: drawable(reason) }]),
    ...(parent === undefined ? [] : [{ lead: 'Came from', text: parent }]),
    ...(parts === undefined ? [] : [{ lead: 'Was taken apart', text: partsWords(parts) }]),
    ...remarks.map(({ label, taken }) => ({ lead: capital(timesWords(label, taken)), text: takenWords(taken, begun) })),
    ...(illegal.length === 0 ? [] : [{ lead: 'Not taken:', text: illegal.slice(0, 5).join(', ') }]),
    {
      lead: '#n',
      text: 'is the revision of the event, in the log of the server that was asked; the last, where there are several.',
    },
  ];
};

const dashed: Note = { lead: 'Dashed', text: 'is an event that the other server is not told.' };

const placeWords = (from: string): string =>
  from === 'open' ? 'From every open state:' : from === 'any' ? 'At any time:' : `From ${from}:`;

const sharedWords = (events: readonly SharedEvent[]): string => {
  const where = new Map<string, string[]>();
  for (const { to, event, label } of events) {
    const words = targetWords[to] ?? (to === event ? 'to the state of that name' : `to ${to}`);
    where.set(words, [...(where.get(words) ?? []), label]);
  }
  return [...where].map(([words, names]) => `${names.join(', ')} (${words})`).join('; ');
};

const targetWords: Readonly<Record<string, string>> = {
  back: 'back to the state that it left',
  stay: 'it stays where it is',
};

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
