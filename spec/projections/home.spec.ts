import { describe, expect, it } from 'vitest';
import { transferStream } from '../../domain/transfer/event-id.ts';
import { type HomeRow, homeProjection } from '../../projections/home.ts';
import { fact, id } from '../support/given.ts';

/** The row of a transfer after these facts, the first of which is not its opening. */
const rowAfter = (...facts: readonly ReturnType<typeof fact>[]): HomeRow | undefined =>
  facts.reduce<HomeRow | undefined>((row, { type, data }, i) => {
    const metadata = { origin: 'dmz-1', at: i };
    const place = { stream: transferStream(id), revision: BigInt(i + 3), position: String(i) };
    return homeProjection.fold(row, { ...place, id: String(i), type, data, metadata });
  }, undefined);

describe('a file that is provided', () => {
  it('is seen where it was put', () => {
    expect(rowAfter(fact('provided'))).toMatchObject({ path: '/out/a.xml', directory: '/out', name: 'a.xml' });
  });

  it.each(['pickedUp', 'expired', 'abandoned'] as const)('is out of sight once it is %s', (type) => {
    expect(rowAfter(fact('provided'), fact(type))).toMatchObject({ path: '', directory: '' });
  });

  it('stays in sight after its pick-up where it is to be kept', () => {
    expect(rowAfter(fact('provided'), fact('pickedUp', { kept: true }))).toMatchObject({ path: '/out/a.xml' });
  });
});

it('a file that dmz got from a partner for us is in no home', () => {
  expect(rowAfter(fact('received'))).toBeUndefined();
});
