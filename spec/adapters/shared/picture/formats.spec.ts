import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { roles, travels } from '../../../../actors/roles.ts';
import { formats } from '../../../../adapters/shared/picture/index.ts';
import { dark, light } from '../../../../adapters/shared/picture/style.ts';
import { clip, widthOf, wrap } from '../../../../adapters/shared/picture/text.ts';
import { scenarioPicture } from '../../../../domain/picture/scenario-picture.ts';
import { transferPicture } from '../../../../domain/picture/transfer-picture.ts';
import { scenarios } from '../../../../domain/scenarios/index.ts';
import type { EventType } from '../../../../domain/transfer/vocabulary.ts';
import { id } from '../../../support/given.ts';
import { anyWalk, walk } from '../../../support/walks.ts';

const owners = { roles, travels };
const drawn = (format: keyof typeof formats, types: readonly EventType[], name?: string): string => {
  const picture = transferPicture(id, walk('partnerSends', types, name), owners);
  return picture === undefined ? '' : formats[format](picture);
};

/** The elements of an XML text; fails where it is not well formed. */
const elements = (xml: string): readonly string[] => {
  const open: string[] = [];
  const found: string[] = [];
  let end = 0;
  for (const match of xml.matchAll(/<(\/?)([a-z]+)((?: [a-zA-Z-]+="[^"<]*")*)(\/?)>/g)) {
    expect(xml.slice(end, match.index)).not.toMatch(/[<>]|&(?!#\d+;)/);
    end = match.index + match[0].length;
    const [, closes, name = '', , empty] = match;
    if (closes === '/') expect(open.pop()).toBe(name);
    else found.push(name);
    if (closes === '' && empty === '') open.push(name);
  }
  expect([open, xml.slice(end)]).toEqual([[], '\n']);
  return found;
};

describe('the SVG', () => {
  it('is well formed and holds nothing but shapes and text, whatever a partner calls its file', () => {
    const known = ['svg', 'title', 'desc', 'style', 'rect', 'path', 'circle', 'text', 'tspan'];
    fc.assert(
      fc.property(anyWalk, (events) => {
        const picture = transferPicture(id, events, owners);
        const xml = picture === undefined ? '' : formats.svg(picture);
        expect(elements(xml).filter((name) => !known.includes(name))).toEqual([]);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: XML takes none of these
        expect(xml).not.toMatch(/[\u0000-\u0009\u000b-\u001f\ufffe\uffff\u202a-\u202e]|\p{Cs}/u);
      }),
      { numRuns: 100 },
    );
  });

  it('shows a hostile name as it is written', () => {
    const xml = drawn('svg', [], '"><script>alert(1)</script>&amp;');
    expect(elements(xml)).not.toContain('script');
    expect(xml).toContain('&#34;&#62;&#60;script&#62;alert(1)&#60;/script&#62;&#38;amp;');
  });

  it('marks the one state in which the transfer is, and says so to who cannot see it', () => {
    const xml = drawn('svg', ['forwarded', 'held']);
    expect(xml.match(/class="box [^"]*here"/g)).toEqual(['class="box held here"']);
    expect(xml).toContain('<desc id="desc">The transfer is held. received, recorded by dmz: new to received.');
    expect(xml).toContain('Held in forwarded:');
  });

  it('is light and dark, each with a contrast that can be read', () => {
    const grounds = ['page', 'card', 'dmzGround', 'innerGround'] as const;
    for (const palette of [light, dark]) {
      for (const ground of grounds)
        for (const text of ['ink', 'soft'] as const)
          expect(contrast(palette[text], palette[ground])).toBeGreaterThan(4.5);
      for (const lane of ['dmz', 'inner'] as const) {
        expect(contrast(palette[lane], palette.card)).toBeGreaterThan(4.5);
        expect(contrast(palette[lane], palette[`${lane}Ground`])).toBeGreaterThan(4.5);
        expect(contrast(palette.onMark, palette[lane])).toBeGreaterThan(4.5);
      }
      expect(contrast(palette.onMark, palette.held)).toBeGreaterThan(4.5);
    }
    expect(drawn('svg', [])).toContain('@media (prefers-color-scheme:dark)');
  });
});

/** The contrast of two colours, as the Web Content Accessibility Guidelines count it. */
const contrast = (one: string, other: string): number => {
  const [dim = 0, bright = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (bright + 0.05) / (dim + 0.05);
};

const luminance = (colour: string): number => {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};

describe('Mermaid', () => {
  it('draws the lanes as composite states and every way between them', () => {
    const [provide] = [scenarios.provide];
    if (provide === undefined) throw new Error('there is no provide');
    const text = formats.mermaid(scenarioPicture(provide, owners));
    expect(text).toMatch(/^---\ntitle: "A file is provided for a partner"\n---\nstateDiagram-v2\n {2}state dmz \{\n/);
    expect(text).toContain('  state inner {\n    state "requested, next stage" as s_requested\n  }\n');
    expect(text).toContain('  [*] --> s_created : created, recorded by inner\n');
    expect(text).toContain('  s_provided --> s_pickedUp : picked up, recorded by dmz\n');
  });

  it('puts what happened in one state into one arrow, and marks the state of a transfer', () => {
    const text = drawn('mermaid', ['forwarded', 'held', 'released', 'fetched', 'matched', 'held']);
    expect(text.match(/s_fetched --> s_fetched :.*/g)).toEqual([
      's_fetched --> s_fetched : matched, #35;5 · inner-1 · 00#58;00#58;01 / step done',
    ]);
    expect(text).toContain('  class s_fetched_held here\n');
  });

  it('keeps to its lines, whatever a partner calls its file', () => {
    const lines = formats.mermaid(transferPicture(id, walk('partnerSends', []), owners) as never).split('\n').length;
    const text = drawn('mermaid', [], '"\n---\nx --> y\n%%{init: {"theme":"dark"}}%%<script>');
    expect(text.split('\n')).toHaveLength(lines);
    expect(text).not.toMatch(/%%\{|<script/);
  });
});

describe('JSON', () => {
  it('is the model', () => {
    expect(JSON.parse(drawn('json', ['forwarded']))).toMatchObject({
      scenario: 'partnerSends',
      transfer: { id, state: 'forwarded' },
    });
  });
});

describe('a text in a picture', () => {
  const face = { size: 12 };
  it('is cut, or broken between words, to the width that it has', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 100 }), fc.integer({ min: 40, max: 400 }), (text, width) => {
        expect(widthOf(clip(text, face, width), face)).toBeLessThanOrEqual(width);
        for (const line of wrap(text, face, width)) expect(widthOf(line, face)).toBeLessThanOrEqual(width);
      }),
    );
    expect(clip('a long name.txt', face, 60)).toMatch(/^a long.*…$/);
    expect(wrap('one two three', face, 60)).toEqual(['one two', 'three']);
  });
});
