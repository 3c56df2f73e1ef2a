/** The formats of a picture. */
import type { Picture } from '../../../domain/picture/picture.ts';
import { mermaid } from './mermaid.ts';
import { svg } from './svg.ts';

/** Every format, by its name. */
export const formats = {
  svg,
  mermaid,
  json: (picture: Picture): string => `${JSON.stringify(picture, null, 2)}\n`,
} as const satisfies Readonly<Record<string, (picture: Picture) => string>>;

export type Format = keyof typeof formats;
