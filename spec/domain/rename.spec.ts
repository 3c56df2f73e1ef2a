import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainFileName } from '../../domain/path.ts';
import { renamed, templateProblem } from '../../domain/rename.ts';

const named = {
  id: '01hzzzzzzzzzzzzzzzzzzzzzz0',
  name: 'order.tar.gz',
  channel: 'acme',
  at: Date.UTC(2026, 0, 9, 3, 4, 5),
};

describe('a new name', () => {
  it('is made of what is known of the transfer', () => {
    for (const [template, name] of [
      ['{name}', 'order.tar.gz'],
      ['{stem}-{date}T{time}{ext}', 'order.tar-2026-01-09T030405.gz'],
      ['{channel}_{id}.xml', 'acme_01hzzzzzzzzzzzzzzzzzzzzzz0.xml'],
      ['fixed', 'fixed'],
    ] as const)
      expect(renamed(template, named), template).toEqual({ _tag: 'Right', right: name });
  });

  it('has no ending where the old one has none', () => {
    for (const name of ['README', '.profile'])
      expect(renamed('{stem}.1{ext}', { ...named, name })).toEqual({ _tag: 'Right', right: `${name}.1` });
  });

  it('takes a placeholder within a partner’s name as it stands', () => {
    expect(renamed('{name}', { ...named, name: '{id}$&' })).toEqual({ _tag: 'Right', right: '{id}$&' });
  });

  it('is refused where it is no plain file name', () => {
    for (const [template, name] of [
      ['{ext}', 'README'],
      ['{stem}', '..'],
      ['{name}{name}', 'x'.repeat(200)],
    ] as const)
      expect(renamed(template, { ...named, name }), template).toMatchObject({ left: { reason: 'badName' } });
  });

  it('is never anything but a plain file name', () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom('{name}', '{stem}', '{ext}', '.{stem}{ext}'), (name, template) => {
        const made = renamed(template, { ...named, name });
        if (made._tag === 'Right') expect(plainFileName(made.right)).toBeUndefined();
      }),
    );
  });
});

describe('a template', () => {
  it('has a problem where it asks for what there is not, or is no name', () => {
    expect(templateProblem('{stem}-{Date}')).toBe(
      'there is no placeholder {Date}; there are {name}, {stem}, {ext}, {channel}, {date}, {time}, {id}',
    );
    expect(templateProblem('{constructor}')).toContain('there is no placeholder {constructor}');
    expect(templateProblem('{name')).toContain('brace');
    expect(templateProblem('in/{name}')).toContain('"/"');
    expect(templateProblem('{stem}{ext}')).toBeUndefined();
  });
});
