import { describe, expect, it } from 'vitest';
import { takingSegments } from '../../actors/take-segments.ts';
import { tellSegments } from '../../actors/tell-segments.ts';
import { type Segment, segmentText } from '../../domain/chain.ts';
import type { EventLog } from '../../domain/ports.ts';
import { memoryEventLog } from '../support/memory-event-log.ts';
import { memoryMessages } from '../support/memory-messages.ts';
import { memorySignatures } from '../support/memory-signatures.ts';
import { handlers } from '../support/message-pair.ts';
import { succeeded } from '../support/outcome.ts';
import { sealedLog, segmentsIn, someSegments } from '../support/sealed-log.ts';
import { until } from '../support/until.ts';

const peer = { role: 'dmz', node: 'dmz-1' } as const;

/** Inner's side, over a log. */
const innerOver = (eventLog: EventLog) => {
  const server = sealedLog(eventLog, { node: 'inner-1', role: 'inner' });
  return { ...server, take: takingSegments(server) };
};

/** Both servers, dmz sealing and telling. */
const world = async (dmzLog = memoryEventLog(), innerLog = memoryEventLog()) => {
  const link = memoryMessages({ inner: 'inner-1', dmz: 'dmz-1' });
  const inner = innerOver(innerLog);
  const dmz = sealedLog(dmzLog);
  const teller = tellSegments({ ...dmz, messages: link.dmz, maxMessageSize: 10_000 });
  await succeeded(link.dmz.start(handlers()));
  await succeeded(link.inner.start(handlers({ segments: inner.take })));
  const tell = () => {
    link.cut();
    link.mend();
  };
  return { inner, dmz, teller, link, dmzLog, innerLog, tell };
};

describe('dmz', () => {
  it('tells inner its segments, in order and once, also those of before, and those of a time without a link', async () => {
    const { dmz, teller, link, dmzLog, innerLog } = await world();
    link.cut();
    await dmz.feed('run-1', 43);
    await until('segments', () => dmz.seals() === 8);
    link.mend();
    await until('inner has them', async () => (await segmentsIn(innerLog, 'dmz-1')).length === 8);
    await dmz.feed('run-1', 5);
    await until('a segment more', () => dmz.seals() === 9);
    teller.sealed();
    await until('inner has it', async () => (await segmentsIn(innerLog, 'dmz-1')).length === 9);
    expect(await segmentsIn(innerLog, 'dmz-1')).toEqual(await segmentsIn(dmzLog, 'dmz-1'));
    await dmz.stop();
  });

  it('raises an alarm where inner has more of it, or something else, than itself', async () => {
    const first = await world();
    await first.dmz.feed('run-1', 10);
    await until('segments', () => first.dmz.seals() === 2);
    first.tell();
    await until('inner has them', async () => (await segmentsIn(first.innerLog, 'dmz-1')).length === 2);
    const restored = await world(memoryEventLog(), first.innerLog);
    await until('an alarm', () => restored.dmz.alarms.length > 0);
    expect(restored.dmz.alarms[0]).toContain('not those that were told');
  });
});

describe('inner', () => {
  const taken = async (segments: readonly Segment[]) => {
    const eventLog = memoryEventLog();
    const inner = innerOver(eventLog);
    const answer = await inner.take(peer, segments);
    return { inner, answer, kept: (await segmentsIn(eventLog, 'dmz-1')).map(({ n }) => n) };
  };

  it('keeps what it has, however often it is told', async () => {
    const segments = await someSegments('dmz-1');
    const { inner, answer, kept } = await taken(segments);
    expect(answer).toMatchObject({ right: { have: 3 } });
    expect(await inner.take(peer, segments)).toEqual(answer);
    expect(await inner.take(peer, [])).toEqual(answer);
    expect(kept).toEqual([1, 2, 3]);
    expect(inner.alarms).toEqual([]);
  });

  it('goes on with what it has after its own restart', async () => {
    const segments = await someSegments('dmz-1');
    const eventLog = memoryEventLog();
    await innerOver(eventLog).take(peer, segments.slice(0, 2));
    expect(await innerOver(eventLog).take(peer, [])).toMatchObject({ right: { have: 2 } });
    expect(await innerOver(eventLog).take(peer, segments.slice(2))).toMatchObject({ right: { have: 3 } });
  });

  const signedAgain = (content: Segment, by = 'dmz-1'): Segment => ({
    ...content,
    signature: memorySignatures(by).sign(segmentText(content)),
  });

  it.each([
    ['that does not follow', (all: readonly Segment[]) => all.slice(1), []],
    ['of another node', (all: readonly Segment[]) => all.map((each) => ({ ...each, node: 'dmz-2' })), []],
    ['that its node has not signed', (all: readonly Segment[]) => all.map((each) => signedAgain(each, 'dmz-2')), []],
    ['that was changed', ([a, ...all]: readonly Segment[]) => [...(a ? [{ ...a, at: 1 }] : []), ...all], []],
    ['without its marks', ([a, b]: readonly Segment[]) => (a && b ? [a, signedAgain({ ...b, marks: '' })] : []), [1]],
    ['that replaces one', ([a, b]: readonly Segment[]) => (a && b ? [a, b, signedAgain({ ...b, at: 1 })] : []), [1, 2]],
  ] as const)('refuses a segment %s, with an alarm', async (_, change, left) => {
    const { inner, answer, kept } = await taken(change(await someSegments('dmz-1')));
    expect(answer).toMatchObject({ left: { reason: 'illegal' } });
    expect(kept).toEqual(left);
    expect(inner.alarms).toEqual(['refused a segment of the event log of a dmz']);
  });
});
