import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commandIn, controlLines, type Line, longestLine } from '../../../adapters/ftp/lines.ts';

type Piece = string | readonly number[] | Uint8Array;
const taken = (...pieces: readonly Piece[]): readonly Line[] => {
  const lines = controlLines();
  return pieces.flatMap((piece) => {
    lines.give(typeof piece === 'string' ? Buffer.from(piece) : Uint8Array.from(piece));
    const all: Line[] = [];
    for (let line = lines.next(); line !== undefined; line = lines.next()) all.push(line);
    return all;
  });
};
const texts = (...pieces: readonly Piece[]): readonly string[] =>
  taken(...pieces).map((line) => (line.kind === 'line' ? line.text : line.kind));

/** Bytes of which most mean something to the parser. */
const bytes = fc
  .uint8Array({ maxLength: 600 })
  .chain((random) =>
    fc
      .array(
        fc.oneof(
          fc.constantFrom(0x0d, 0x0a, 0x00, 0xff, 0xf4, 0xf2, 0xfb, 0x20, 0x41),
          fc.constantFrom(...(random.length > 0 ? random : [0x42])),
        ),
        { maxLength: 600 },
      )
      .map((picked) => Buffer.from(picked)),
  );

const pieces = (whole: Buffer, cuts: readonly number[]): Buffer[] => {
  const at = [0, ...cuts.map((cut) => cut % (whole.length + 1)).sort((a, b) => a - b), whole.length];
  return at.slice(1).map((end, i) => whole.subarray(at[i], end));
};

describe('the control lines', () => {
  it('are the same however the bytes are split', () => {
    fc.assert(
      fc.property(bytes, fc.array(fc.nat(), { maxLength: 20 }), (whole, cuts) => {
        expect(taken(...pieces(whole, cuts))).toEqual(taken(whole));
      }),
      { numRuns: 1000 },
    );
  });

  it('are never longer than may be, whatever is sent', () => {
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 30 }), (chunks) => {
        for (const line of taken(...chunks))
          expect(line.kind === 'line' ? line.text.length : 0).toBeLessThanOrEqual(longestLine);
      }),
    );
  });

  it('give back every text that a client encodes as it ought to', () => {
    const encode = (text: string): Buffer =>
      Buffer.from(
        [...Buffer.from(text)].flatMap((byte) =>
          byte === 0xff ? [0xff, 0xff] : byte === 0x0d ? [0x0d, 0x00] : [byte],
        ),
      );
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 100 })), (all) => {
        const named = all.map((text) => `STOR ${text}`);
        const sent = Buffer.concat(named.map((text) => Buffer.concat([encode(text), Buffer.from('\r\n')])));
        expect(taken(sent)).toEqual(named.map((text) => ({ kind: 'line', text })));
      }),
    );
  });

  it('end with CR LF only', () => {
    expect(texts('NO', 'OP\r', '\nPWD\nDELE x\r\n')).toEqual(['NOOP', 'PWD\nDELE x']);
    expect(texts('a\rb\r\0c\r\r\n')).toEqual(['a\rb\rc\r']);
  });

  it('know Telnet codes, and a doubled IAC as the byte itself', () => {
    expect(taken([0xff, 0xfb, 0x01], 'NOOP', [0xff, 0xf9], '\r\n')).toEqual([{ kind: 'line', text: 'NOOP' }]);
    expect(taken('STOR a', [0xff, 0xff], '\r\n')).toEqual([{ kind: 'line', text: 'STOR a\ufffd' }]);
  });

  it.each([
    ['IAC IP IAC DM', [0xff, 0xf4, 0xff, 0xf2]],
    ['IAC IP and a DM whose IAC was urgent', [0xff, 0xf4, 0xf2]],
    ['IAC IP and an IAC whose DM was urgent', [0xff, 0xf4, 0xff]],
  ])('find ABOR behind %s', (_, before) => {
    expect(texts(before, 'ABOR\r\n')).toEqual(['ABOR']);
  });

  it('tell of one that is too long once, and go on after it', () => {
    const long = 'x'.repeat(longestLine);
    expect(texts(`${long}\r\n${long}y\r\n`, 'z'.repeat(1_000_000), '\r\nNOOP\r\n')).toEqual([
      long,
      'tooLong',
      'tooLong',
      'NOOP',
    ]);
  });
});

describe('a command', () => {
  it('is a verb and an argument that is kept as it is', () => {
    expect(commandIn('stor  -a "b"  ')).toEqual({ verb: 'STOR', argument: ' -a "b"  ' });
    expect(commandIn('PASV')).toEqual({ verb: 'PASV', argument: '' });
    expect(commandIn('STOR a\nb')).toEqual({ verb: 'STOR', argument: 'a\nb' });
  });

  it.each(['', ' ', 'X', 'PWD\nDELE x', '__proto__ x', 'ST\u00d6R x', 'PWD\tx'])('is not %j', (text) => {
    expect(commandIn(text)).toBeUndefined();
  });

  it('is found or not, in any text at all', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const command = commandIn(text);
        if (command !== undefined) expect(command.verb).toMatch(/^[A-Z]{3,8}$/);
      }),
    );
  });
});
