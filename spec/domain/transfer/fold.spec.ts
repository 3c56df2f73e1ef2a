import { describe, expect, it } from 'vitest';
import { fold } from '../../../domain/transfer/fold.ts';
import { fact, given, id, story } from '../../support/given.ts';

describe('a transfer that a partner sends', () => {
  it('goes from received to acknowledged by the events of its owners', () => {
    const states = ['received', 'forwarded', 'fetched', 'matched', 'processed', 'acknowledged'] as const;
    expect(states.map((_, i) => given(...states.slice(0, i + 1)).state)).toEqual([
      'received',
      'forwarded',
      'fetched',
      'fetched',
      'processed',
      'acknowledged',
    ]);
  });

  it('has ended once it is acknowledged, and not before', () => {
    expect(given('received', 'forwarded', 'fetched', 'processed').ended).toBe(false);
    expect(given('received', 'forwarded', 'fetched', 'processed', 'acknowledged').ended).toBe(true);
  });

  it('does not move on an event that its state cannot take, and says so', () => {
    const folded = given('received', 'processed');
    expect(folded.state).toBe('received');
    expect(folded.illegal).toEqual(['processed in received']);
    expect(folded.revision).toBe(1n);
  });

  it('keeps the payload that the partner sent apart from the copy of inner', () => {
    const { transfer } = given('received', 'forwarded', 'fetched');
    expect(transfer.payload?.key).toBe(`dmz-1.${id}`);
    expect(transfer.copy?.key).toBe(`inner-1.${id}`);
  });

  it('is known by the dmz that received it', () => {
    expect(given('received').transfer.dmz).toBe('dmz-1');
  });
});

describe('failures', () => {
  it('are counted, and forgotten when the state changes', () => {
    expect(given('received', 'forwarded', 'stepFailed', 'stepFailed').transfer.attempt).toBe(2);
    expect(given('received', 'forwarded', 'stepFailed', 'fetched').transfer.attempt).toBe(0);
  });

  it('are still counted within a state: pinning a profile does not forget them', () => {
    expect(given('received', 'forwarded', 'fetched', 'stepFailed', 'matched').transfer.attempt).toBe(1);
  });
});

describe('the steps of a profile', () => {
  const before = ['received', 'forwarded', 'fetched', 'matched'] as const;
  const copy = { key: `inner-1.${id}s0`, size: 4, sha256: 'b'.repeat(64) };

  it('leave the state, and change name and copy as they say', () => {
    const { state, transfer } = given(
      ...before,
      fact('stepDone', { index: 0, step: 'run', payload: copy, name: undefined }),
      fact('stepDone', { index: 1, step: 'rename', name: 'c.xml' }),
    );
    expect(state).toBe('fetched');
    expect(transfer).toMatchObject({ stepsDone: 2, copy, name: 'c.xml', payload: { key: `dmz-1.${id}` } });
  });

  it('change nothing but what they say', () => {
    const { transfer } = given(...before, fact('stepDone', { index: 0, step: 'run', name: undefined }));
    expect(transfer).toMatchObject({ stepsDone: 1, name: 'a.xml', copy: { key: `inner-1.${id}` } });
  });

  it('each have their own count of failures', () => {
    expect(given(...before, 'stepFailed', 'stepDone').transfer.attempt).toBe(0);
    expect(given(...before, 'stepFailed', 'stepDone', 'stepFailed').transfer.attempt).toBe(1);
  });

  it('that are done stay done when a later one is held and tried again', () => {
    expect(given(...before, 'stepDone', 'stepFailed', 'held', 'retried')).toMatchObject({
      state: 'fetched',
      transfer: { stepsDone: 1, attempt: 0, run: 1 },
    });
  });
});

describe('a held transfer', () => {
  const held = ['received', 'forwarded', 'fetched', 'held'] as const;

  it('remembers the state that it left', () => {
    expect(given(...held)).toMatchObject({ state: 'held', heldFrom: 'fetched', ended: false });
  });

  it('goes back to that state when released or retried, in a new run', () => {
    for (const way of ['released', 'retried'] as const)
      expect(given(...held, way)).toMatchObject({ state: 'fetched', transfer: { run: 1, attempt: 0 } });
  });

  it('can be held again, and again remembers where from', () => {
    expect(given(...held, 'released', 'matched', 'held')).toMatchObject({ state: 'held', heldFrom: 'fetched' });
  });

  it('ends when abandoned', () => {
    expect(given(...held, 'abandoned')).toMatchObject({ state: 'abandoned', ended: true });
  });
});

describe('an ended transfer', () => {
  it('still takes what happens to its payload and its view', () => {
    const end = ['received', 'forwarded', 'fetched', 'processed', 'acknowledged'] as const;
    expect(given(...end, 'viewChanged', 'purged')).toMatchObject({
      state: 'acknowledged',
      illegal: [],
      transfer: { path: null, purged: true },
    });
  });
});

describe('a result that inner delivers', () => {
  it('is created, prepared, sent', () => {
    expect(given('created').state).toBe('created');
    expect(given('created', 'prepared').transfer.prepared?.inode).toBe('1');
    expect(given('created', 'prepared', 'sent')).toMatchObject({ state: 'sent', ended: true });
  });
});

describe('replay', () => {
  it('gives the same state as moving event by event', () => {
    const { folded, events } = story('received', 'forwarded', 'stepFailed', 'held', 'retried', 'fetched', 'matched');
    expect(fold(id, events)).toMatchObject({ state: folded.state, transfer: folded.transfer, revision: 6n });
  });

  it('knows no transfer that begins with anything but received or created', () => {
    expect(fold(id, story('received', 'forwarded').events.slice(1))).toBeUndefined();
    expect(fold(id, [])).toBeUndefined();
  });

  it('takes a received without the time of the file', () => {
    expect(given(fact('received', { modified: undefined })).transfer.modified).toBe(1_000);
  });
});
