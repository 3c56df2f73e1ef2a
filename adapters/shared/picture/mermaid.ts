/** A picture as a Mermaid state diagram: two composite states for the lanes, and the edges between their states. */
import type { Picture, PictureState } from '../../../domain/picture/picture.ts';
import type { Role } from '../../../domain/role.ts';
import { edgeWords, headWords, notes } from './words.ts';

/** Writes a picture for Mermaid. */
export const mermaid = (picture: Picture): string => {
  const { states, edges } = picture;
  const own = (lane: Role): readonly string[] => {
    const lines = states.filter((state) => state.lane === lane && state.kind !== 'begin').map(stateLine);
    return lines.length === 0 ? [] : [`  state ${lane} {`, ...lines.map((line) => `    ${line}`), '  }'];
  };
  const id = (state: string): string =>
    states.some((each) => each.id === state && each.kind === 'begin') ? '[*]' : idOf(state);
  const marked = states.find((state) => state.marked);
  return `${[
    '---',
    `title: ${JSON.stringify(plain(headWords(picture).title))}`,
    '---',
    'stateDiagram-v2',
    ...own('dmz'),
    ...own('inner'),
    ...edges.map((edge) => `  ${id(edge.from)} --> ${id(edge.to)} : ${edgeWords(edge, picture).map(plain).join(', ')}`),
    ...states.filter(({ kind }) => kind === 'end').map((state) => `  ${idOf(state.id)} --> [*]`),
    ...(marked === undefined
      ? []
      : ['  classDef here fill:#1756b5,color:#ffffff,stroke-width:4px', `  class ${idOf(marked.id)} here`]),
    ...notes(picture).map(({ lead, text }) => `  %% ${lead} ${text}`),
  ].join('\n')}\n`;
};

const stateLine = ({ id, label, step }: PictureState): string =>
  `state "${plain(step === undefined ? label : `${label} (next: ${step})`)}" as ${idOf(id)}`;

/** `end` and `state` are words of Mermaid's own, and a point would end an id. */
const idOf = (state: string): string => `s_${state.replaceAll('.', '_')}`;

/** What Mermaid would take for its own, in its entity form. */
const plain = (text: string): string => text.replace(/[#;:"<>&{}%\\]/g, (character) => `#${character.charCodeAt(0)};`);
