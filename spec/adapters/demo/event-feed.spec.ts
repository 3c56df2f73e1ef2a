import { describe, expect, it, vi } from 'vitest';
import { eachOnce, followEvents } from '../../../adapters/demo/event-feed.ts';
import { coloured, eventText } from '../../../adapters/demo/words.ts';
import type { Control } from '../../../domain/control.ts';
import type { TransferEvent } from '../../../domain/transfer/vocabulary.ts';
import { fakeControl, line, transferRow } from '../../support/fake-control.ts';
import { fakeProgram } from '../../support/fake-program.ts';

const { clock } = fakeProgram();

const follow = (control: Control) => {
  const stop = new AbortController();
  const told: string[] = [];
  const ended = followEvents(
    control,
    clock,
    stop.signal,
    eachOnce((each) => void told.push(`${each.label} ${each.name}`)),
  );
  const end = (): Promise<void> => {
    stop.abort();
    return ended;
  };
  return { told, end };
};

describe("a server's event feed", () => {
  it('tells each event as it is recorded, once', async () => {
    const fake = fakeControl();
    const { told, end } = follow(fake.control);
    await vi.waitFor(() => expect(fake.listeners()).toBe(1));
    fake.record(line('a.txt'));
    await vi.waitFor(() => expect(told).toHaveLength(1));
    await vi.waitFor(() => expect(fake.listeners()).toBe(1));
    fake.record(line('a.txt'));
    await vi.waitFor(() => expect(fake.listeners()).toBe(1));
    fake.record(line('b.txt', { at: 5 }));
    await vi.waitFor(() => expect(told).toEqual(['received a.txt', 'received b.txt']));
    await end();
  });

  it('goes on over a restart, and tells what was recorded before it could listen again', async () => {
    const missed: TransferEvent = {
      ...{ id: '6fa459ea-ee8a-5ca4-894e-db77e160355e', type: 'processed', data: { responses: [] } },
      meta: { origin: 'inner', at: 7, run: 0, attempt: 0, step: 'process' },
    };
    const fake = fakeControl([transferRow('c', { name: 'c.txt', updatedAt: 7 })], [missed]);
    let connections = 0;
    const restarting: Control = {
      ...fake.control,
      events: (signal) => {
        connections += 1;
        if (connections < 3) throw new Error('no server is running');
        return fake.control.events(signal);
      },
    };
    const { told, end } = follow(restarting);
    await vi.waitFor(() => expect(fake.listeners()).toBe(1));
    fake.record(line('d.txt'));
    await vi.waitFor(() => expect(told).toEqual(['received d.txt', 'processed c.txt']), 5000);
    await end();
  });
});

describe("an event's line", () => {
  it('says when, who, what, which file and which transfer, and is safe to print', () => {
    expect(eventText(line('a\u001b[31m.txt'))).toBe(
      '03:04:05  dmz    received      a\\u001b[31m.txt  12 B  (00000000000000000000000000)',
    );
  });

  it("is in its server's colour, where colour is wanted", () => {
    expect(coloured('dmz', 'x', true)).toBe('\u001b[33mx\u001b[0m');
    expect(coloured('inner', 'x', true)).not.toBe(coloured('dmz', 'x', true));
    expect(coloured('dmz', 'x', false)).toBe('x');
  });
});
