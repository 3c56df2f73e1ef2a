import { describe, expect, it } from 'vitest';
import { masked, meaningOf } from '../../../adapters/eventlog/eventstoredb-errors.ts';
import { positionOf, prefixOf, storePositionOf } from '../../../adapters/eventlog/eventstoredb-names.ts';

describe('names in EventStoreDB', () => {
  it('have no "-" before the category ends, and differ where nodes do', () => {
    expect(prefixOf('dmz-1')).toBe('sallyport.dmz_1.');
    const prefixes = ['dmz', 'dmz-1', 'dmz1', 'dmz--1'].map(prefixOf);
    for (const one of prefixes) expect(prefixes.filter((other) => other.startsWith(one))).toEqual([one]);
  });
});

describe('positions in EventStoreDB', () => {
  it('are texts whose order is that of the log', () => {
    const rising = [
      { commit: 9n, prepare: 9n },
      { commit: 10n, prepare: 2n },
      { commit: 10n, prepare: 10n },
      { commit: 2n ** 63n - 1n, prepare: 5n },
    ];
    const texts = rising.map(positionOf);
    expect([...texts].sort()).toEqual(texts);
    expect(texts.map(storePositionOf)).toEqual(rising);
  });
  it.each(['', '12', `${'1'.repeat(20)}/${'1'.repeat(19)}`, '0000000000000001'])('are not %j', (text) => {
    expect(() => storePositionOf(text)).toThrow('no position');
  });
});

describe('errors of EventStoreDB', () => {
  it.each([
    [{ type: 'wrong-expected-version' }, 'conflict'],
    [{ type: 'stream-deleted', code: 9 }, 'streamDeleted'],
    [{ type: 'unknown', message: 'Could not recognize MaximumAppendEventSizeExceeded' }, 'tooLarge'],
    [{ code: 8, message: '8 RESOURCE_EXHAUSTED: Received message larger than max' }, 'tooLarge'],
    [{ code: 7 }, 'unauthorized'],
    [{ code: 16 }, 'unauthorized'],
  ])('%j is final: %s', (error, code) => {
    expect(meaningOf(Object.assign(new Error(), error))).toEqual({ kind: 'final', code });
  });
  it.each([
    [{ code: 14, message: 'No connection established. Last error: connect ECONNREFUSED' }, 'absent'],
    [{ type: 'unknown', message: 'Could not recognize Server Is Not Ready' }, 'notDone'],
    [{ message: 'Failed to discover after 10 attempts.' }, 'notDone'],
    [{ type: 'not-leader', code: 5 }, 'notDone'],
    [{ type: 'unavailable', code: 14, message: 'Connection dropped' }, 'unknown'],
    [{ type: 'deadline-exceeded', code: 4 }, 'unknown'],
    [{ type: 'timeout', code: 10 }, 'unknown'],
    [{ code: 13 }, 'unknown'],
  ])('%j is worth another try: %s', (error, kind) => {
    expect(meaningOf(Object.assign(new Error(), error))).toMatchObject({ kind });
  });
  it('are shown without the user and password of a connection string', () => {
    expect(masked('at esdb+discover://admin:change%20it@host:2113?tls=true!')).toBe(
      'at esdb+discover://***@host:2113?tls=true!',
    );
  });
});
