/** What every event log does, whatever it is made of. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { appendTo, event, type LogTraits, type OpenedLog, rightOf } from '../support/event-log-under-test.ts';
import { appendContract } from './event-log-append.ts';
import { readContract } from './event-log-read.ts';
import { retentionContract } from './event-log-retention.ts';

/** Runs the contract on the logs that `open` makes. */
export const eventLogContract = (name: string, open: () => Promise<OpenedLog>, traits: LogTraits): void => {
  describe(`an event log (${name})`, () => {
    let opened: OpenedLog;
    beforeEach(async () => {
      opened = await open();
    });
    afterEach(() => opened.dispose());
    appendContract(() => opened.log, traits);
    readContract(() => opened.log);
    retentionContract(() => opened);

    it('has everything again when it is opened again', async () => {
      const sent = [event(0), event(1)];
      const { log } = opened;
      const original = rightOf(await appendTo(log, 'a-1', sent, 'noStream'));
      const before = rightOf(await log.readAll()());
      const again = await opened.reopen();
      expect(rightOf(await again.readAll()())).toEqual(before);
      expect(rightOf(await again.append('a-1', sent, { expected: 'noStream' })())).toEqual(original);
      const next = rightOf(await again.append('a-1', [event(2)], { expected: 1n })());
      expect(next.revision).toBe(2n);
      expect(next.position > original.position).toBe(true);
    });
  });
};
