import { isLeft } from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { beginAgain } from '../../../domain/transfer/again.ts';
import type { Fact } from '../../../domain/transfer/vocabulary.ts';
import { id, payload, story } from '../../support/given.ts';

const by = { login: 'anna' };
const copy = { ...payload, key: 'inner-1.new' };
const again = (...facts: readonly (Fact | Fact['type'])[]) => {
  const { folded, events } = story(...facts);
  const begun = beginAgain(folded, events, by, 'dmz-2');
  return isLeft(begun) ? begun.left.text : { from: begun.right.from.key, created: begun.right.created(copy) };
};
const brought = ['forwarded', 'fetched', 'matched', 'stepDone', 'processed', 'acknowledged'] as const;
const mine = { channel: 'acme', by, again: id, payload: copy };
const source = { path: '/from/a.xml', name: 'a.xml', size: 3, after: 'delete' } as const;
const target = { kind: 'partner', directory: '/in', name: 'a.xml' } as const;
const home = { ...target, kind: 'home', keepFor: 1_000, afterPickUp: 'keep' } as const;

describe('running a transfer again', () => {
  it('processes what a partner sent, as it came and under the name that it had then, by a profile that is chosen anew', () => {
    expect(again('received', ...brought)).toEqual({
      from: `inner-1.${id}`,
      created: { ...mine, scenario: 'processAgain', name: 'a.xml' },
    });
  });

  it("processes what was fetched by the agent's own profile, and asks nothing of the partner", () => {
    const created = {
      type: 'created',
      data: { scenario: 'cronGet', channel: 'acme', source, profile: 'orders', dmz: 'dmz-1' },
    } as const;
    expect(again(created, 'requested', 'received', ...brought.filter((type) => type !== 'matched'))).toEqual({
      from: `inner-1.${id}`,
      created: { ...mine, scenario: 'processAgain', name: 'a.xml', profile: 'orders' },
    });
  });

  it('processes again what was processed again', () => {
    const data = {
      scenario: 'processAgain',
      channel: 'acme',
      payload: { ...payload, key: `inner-1.${id}` },
      name: 'b.xml',
    } as const;
    expect(again({ type: 'created', data }, 'matched', 'stepDone', 'processed')).toEqual({
      from: `inner-1.${id}`,
      created: { ...mine, scenario: 'processAgain', name: 'b.xml' },
    });
  });

  it.each([
    ['responseSend', target, { dmz: 'dmz-2' }, ['requested', 'staged', 'placed', 'sent', 'acknowledged']],
    ['provide', home, { dmz: 'dmz-2' }, ['requested', 'staged', 'provided', 'expired']],
    ['innerSends', target, {}, ['placed', 'sent']],
    ['innerOnly', { ...target, kind: 'file' }, {}, ['prepared', 'sent']],
  ] as const)('does once more what a %s did, by the dmz that is up now', (scenario, to, more, rest) => {
    const data = {
      scenario,
      channel: 'acme',
      payload,
      target: to,
      ...(scenario.startsWith('inner') ? {} : { dmz: 'dmz-1' }),
    };
    expect(again({ type: 'created', data } as Fact, ...rest)).toEqual({
      from: payload.key,
      created: { ...mine, ...more, scenario, target: to },
    });
  });

  it('is refused while it has not ended, and where there never was a payload on inner', () => {
    expect(again('received', 'forwarded', 'fetched', 'held')).toBe(
      'it has not ended (held): release or retry it, or abandon it first',
    );
    expect(again('received', 'forwarded', 'abandoned')).toBe(
      'its payload never came to inner; there is nothing to run',
    );
  });
});
