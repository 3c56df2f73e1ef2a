/** New names by template: what a `rename` step makes of a transfer's name. */
import { left, right } from 'fp-ts/lib/Either.js';
import { type Decision, refusal } from './failure.ts';
import { plainFileName } from './path.ts';

/** What a name is made of. `at` is when the transfer began, milliseconds since 1970. */
export type Named = { readonly id: string; readonly name: string; readonly channel: string; readonly at: number };

const parts: Readonly<Record<string, (named: Named) => string>> = {
  name: ({ name }) => name,
  stem: ({ name }) => name.slice(0, endingAt(name)),
  ext: ({ name }) => name.slice(endingAt(name)),
  channel: ({ channel }) => channel,
  date: ({ at }) => new Date(at).toISOString().slice(0, 10),
  time: ({ at }) => new Date(at).toISOString().slice(11, 19).replaceAll(':', ''),
  id: ({ id }) => id,
};
const placeholder = /\{([^{}]*)\}/g;

/** What is wrong with a template: a sentence, or undefined for nothing. */
export const templateProblem = (template: string): string | undefined => {
  const known = Object.keys(parts).map((each) => `{${each}}`);
  const unknown = [...template.matchAll(placeholder)].find(([, part = '']) => !Object.hasOwn(parts, part));
  if (unknown !== undefined) return `there is no placeholder ${unknown[0]}; there are ${known.join(', ')}`;
  if (/[{}]/.test(template.replace(placeholder, ''))) return 'a brace stands alone; write placeholders as {name}';
  return template.includes('/') ? 'a name holds no "/"' : undefined;
};

/** The new name; refuses what is no plain file name. Everything that is no placeholder stands for itself. */
export const renamed = (template: string, named: Named): Decision<string> => {
  const name = template.replace(placeholder, (whole, part: string) => parts[part]?.(named) ?? whole);
  const problem = plainFileName(name);
  return problem === undefined
    ? right(name)
    : left(refusal('badName', `"${template}" makes no file name of "${named.name}": ${problem}`));
};

/** Where the ending begins, its dot included; a dot in front makes none. */
export const endingAt = (name: string): number => {
  const dot = name.lastIndexOf('.');
  return dot > 0 ? dot : name.length;
};
