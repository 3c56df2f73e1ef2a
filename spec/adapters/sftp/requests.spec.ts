import { describe, expect, it } from 'vitest';
import { requests } from '../../../adapters/sftp/requests.ts';

type Gate = { readonly run: () => Promise<void>; readonly open: () => void };

const world = (canStart = (): boolean => true) => {
  const started: string[] = [];
  const queue = requests(canStart, () => undefined);
  const gate = (name: string): Gate => {
    let open = (): void => undefined;
    const opened = new Promise<void>((resolve) => (open = resolve));
    return {
      run: () => {
        started.push(name);
        return opened;
      },
      open: () => open(),
    };
  };
  return { queue, started, gate };
};

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the order of requests', () => {
  it('keeps those of one handle one after the other, and lets others overlap', async () => {
    const { queue, started, gate } = world();
    const [a1, a2, b1] = [gate('a1'), gate('a2'), gate('b1')];
    queue.submit(1, a1.run);
    queue.submit(1, a2.run);
    queue.submit(2, b1.run);
    await settled();
    expect(started).toEqual(['a1', 'b1']);
    a1.open();
    await settled();
    expect(started).toEqual(['a1', 'b1', 'a2']);
    a2.open();
    b1.open();
    await queue.idle();
    expect(queue.running()).toBe(0);
  });

  it('lets what concerns names wait for everything before it', async () => {
    const { queue, started, gate } = world();
    const [a, name, second] = [gate('a'), gate('name'), gate('second')];
    queue.submit(1, a.run);
    queue.submit(undefined, name.run);
    queue.submit(undefined, second.run);
    await settled();
    expect(started).toEqual(['a']);
    a.open();
    await settled();
    expect(started).toEqual(['a', 'name']);
    name.open();
    second.open();
    await queue.idle();
    expect(started).toEqual(['a', 'name', 'second']);
  });

  it('works on sixteen at a time, and on none while it is held back', async () => {
    let free = false;
    const { queue, started, gate } = world(() => free);
    const gates = Array.from({ length: 40 }, (_, i) => gate(String(i)));
    for (const [i, each] of gates.entries()) queue.submit(i, each.run);
    await settled();
    expect([started.length, queue.waiting()]).toEqual([0, 40]);
    free = true;
    queue.pump();
    expect([started.length, queue.waiting()]).toEqual([16, 24]);
    for (const each of gates) each.open();
    await queue.idle();
    expect(started).toEqual(gates.map((_, i) => String(i)));
  });

  it('drops what waits when it is stopped, and is idle once what ran has ended', async () => {
    const { queue, started, gate } = world();
    const gates = Array.from({ length: 20 }, (_, i) => gate(String(i)));
    for (const [i, each] of gates.entries()) queue.submit(i, each.run);
    queue.stop();
    let idle = false;
    const done = queue.idle().then(() => (idle = true));
    await settled();
    expect(idle).toBe(false);
    for (const each of gates) each.open();
    await done;
    queue.submit(1, gate('late').run);
    expect(started).toHaveLength(16);
  });
});
