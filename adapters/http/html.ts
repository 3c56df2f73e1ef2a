/** HTML out of text that nobody trusts: whatever is filled in is text, and never markup. */
import { printable } from '../shared/printable.ts';

/** Markup. Only `html` makes it. */
export type Html = { readonly markup: string };

const longest = 32_768;
const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const filledIn = (value: string | number | Html | readonly Html[]): string => {
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return printable(value, longest).replace(/[&<>"']/g, (each) => entities[each] ?? each);
  return 'markup' in value ? value.markup : value.map(({ markup }) => markup).join('');
};

/** Makes HTML of a template: texts that are filled in are escaped, and characters that reorder a line are shown. */
export const html = (
  parts: TemplateStringsArray,
  ...values: readonly (string | number | Html | readonly Html[])[]
): Html => ({
  markup: parts.map((part, i) => part + (i < values.length ? filledIn(values[i] ?? '') : '')).join(''),
});
