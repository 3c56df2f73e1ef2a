/** A picture as a Mermaid state diagram: two composite states for the lanes, and the edges between their states. */
import type { Picture, PictureState } from '../../../domain/picture/picture.ts';
import type { Role } from '../../../domain/role.ts';
import { edgeWords, headWords, notes } from './words.ts';

/** Writes a picture for Mermaid. */
export const mermaid = (picture: Picture): string => {
  const { states } = picture;
  const own = (lane: Role): readonly string[] => {
    const lines = states.filter((state) => state.lane === lane && state.kind !== 'begin').map(stateLine);
    return lines.length === 0 ? [] : [`  state ${lane} {`, ...lines.map((line) => `    ${line}`), '  }'];
  };
  const id = (state: string): string =>
    states.some((each) => each.id === state && each.kind === 'begin') ? '[*]' : idOf(state);
  const marked = states.find((state) => state.marked);
  return `${[
    '---',
    `title: ${quoted(headWords(picture).title)}`,
    '---',
    'stateDiagram-v2',
    ...own('dmz'),
    ...own('inner'),
    ...arrows(picture).map(([from, to, words]) => `  ${id(from)} --> ${id(to)} : ${words}`),
    ...states.filter(({ kind }) => kind === 'end').map((state) => `  ${idOf(state.id)} --> [*]`),
    ...(marked === undefined
      ? []
      : ['  classDef here fill:#1756b5,color:#ffffff,stroke-width:4px', `  class ${idOf(marked.id)} here`]),
    ...notes(picture).map(({ lead, text }) => `  %% ${lead} ${text.replace(/[%{}]/g, ' ')}`),
  ].join('\n')}\n`;
};

/** From, to, and the words of all edges between the two: side by side Mermaid would draw them over each other. */
const arrows = (picture: Picture): readonly (readonly [string, string, string])[] => {
  const found = new Map<string, [string, string, string]>();
  for (const edge of picture.edges) {
    const words = edgeWords(edge, picture).map(plain).join(', ');
    const before = found.get(`${edge.from} ${edge.to}`)?.[2];
    found.set(`${edge.from} ${edge.to}`, [edge.from, edge.to, before === undefined ? words : `${before} / ${words}`]);
  }
  return [...found.values()];
};

const stateLine = ({ id, label, step }: PictureState): string =>
  `state "${plain(step === undefined ? label : `${label}, next ${step}`)}" as ${idOf(id)}`;

/** `end` and `state` are words of Mermaid's own, and a point would end an id. */
const idOf = (state: string): string => `s_${state.replaceAll('.', '_')}`;

/** What Mermaid would take for its own, in its entity form. */
const plain = (text: string): string => text.replace(/[#;:"<>&{}%\\]/g, (character) => `#${character.charCodeAt(0)};`);

/** A text for the front matter, which is YAML: nothing in it can be taken for a directive or a tag. */
const quoted = (text: string): string =>
  JSON.stringify(text).replace(/[<>{}%]/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`);
