/** YAML as a config file may use it: one document, no key twice, no endless aliases; every problem with its line. */
import { type Either, left, right } from 'fp-ts/lib/Either.js';
import { type Document, isNode, LineCounter, parseDocument } from 'yaml';
import type { Problem } from '../../domain/config.ts';

/** A parsed file: its value, and the line on which a setting stands (or would stand: its nearest parent that is there). */
export type Parsed = { readonly value: unknown; readonly lineOf: (path: string) => number | undefined };

/** Parses a config file's text, or says all that is wrong with its YAML. */
export const parseYaml = (text: string): Either<readonly Problem[], Parsed> => {
  const lines = new LineCounter();
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
    const wrong = [...document.errors, ...document.warnings];
    if (wrong.length > 0)
      return left(
        wrong.slice(0, 50).map((each) => ({ ...whole(each.message), line: lines.linePos(each.pos[0]).line })),
      );
    return right({
      value: document.toJS({ maxAliasCount: 100 }) as unknown,
      lineOf: (path) => lineIn(document, lines, path),
    });
  } catch (error) {
    // The parser descends by recursion, so that what is nested without end ends here too.
    const deep = error instanceof RangeError;
    return left([whole(deep ? 'it is nested too deeply' : error instanceof Error ? error.message : String(error))]);
  }
};

const whole = (problem: string): Problem => ({ path: '(YAML)', problem });

const lineIn = (document: Document, lines: LineCounter, path: string): number | undefined => {
  const parts = [...path.matchAll(/\[(\d+)\]|[^.[\]]+/g)].map((match) =>
    match[1] === undefined ? match[0] : Number(match[1]),
  );
  for (let length = parts.length; length >= 0; length -= 1) {
    const node = document.getIn(parts.slice(0, length), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return undefined;
};
