import { isLeft, left, right } from 'fp-ts/lib/Either.js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openFetchDoor } from '../../../actors/fetch-door.ts';
import { fetchEndpoint } from '../../../adapters/ftp/fetch-endpoint.ts';
import { ftpSource } from '../../../adapters/ftp/payload-source.ts';
import { temporary } from '../../../domain/failure.ts';
import type { PayloadStore } from '../../../domain/ports.ts';
import { payloadSourceContract } from '../../contracts/payload-source.ts';
import { listenerContext } from '../../support/listener-context.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { memoryIntake } from '../../support/memory-intake.ts';
import { memoryPayloadStore } from '../../support/memory-payload-store.ts';
import { failureOf } from '../../support/outcome.ts';
import { scratch } from '../../support/scratch.ts';
import { wireTo } from '../../support/wire.ts';

/** A store whose bytes can stop coming. */
const stoppable = (store: PayloadStore) => {
  const never = new Promise<never>(() => undefined);
  let frozen = false;
  async function* slowly(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of bytes)
      for (let at = 0; at < chunk.length; at += 65_536) {
        if (frozen) await never;
        yield chunk.subarray(at, at + 65_536);
      }
  }
  const payloads: PayloadStore = {
    ...store,
    read: (key, range) => async () => {
      const read = await store.read(key, range)();
      return isLeft(read) ? read : right(slowly(read.right));
    },
  };
  return {
    payloads,
    freeze: () => {
      frozen = true;
    },
  };
};

/** An endpoint of dmz-1 and a source of inner-1, which uses the given passwords before it asks for tickets. */
const between = async (store: PayloadStore, used: readonly string[] = []) => {
  const context = listenerContext(memoryIntake([]).intake, await scratch());
  const { payloads, freeze } = stoppable(store);
  let count = 0;
  const door = openFetchDoor({
    payloads,
    node: 'dmz-1',
    peers: ['inner-1'],
    keyOf: () => undefined,
    secret: () => `ticket ${count++}`,
    clock: context.clock,
    log: context.log,
  });
  const place = { host: '127.0.0.1', port: 0, passivePorts: [31_000, 31_999] as [number, number] };
  const opened = await fetchEndpoint(place, { ...context, intake: door.intake })();
  if (isLeft(opened)) throw new Error(opened.left.text);
  const wire = await wireTo(opened.right.address.port);
  const clock = manualClock();
  const given = [...used];
  const source = ftpSource({
    node: 'inner-1',
    placeOf: () => ({ host: '127.0.0.1', port: wire.port }),
    ticket: (_, key) => async () => {
      const wrong = given.shift();
      if (wrong !== undefined) return right(wrong);
      const ticket = await door.ticket({ role: 'inner', node: 'inner-1' }, key);
      return isLeft(ticket) ? left(temporary(ticket.left.reason, ticket.left.text)) : ticket;
    },
    clock,
  });
  onTestFinished(async () => {
    await source.close();
    await wire.close().catch(() => undefined);
    await opened.right.close(0);
  });
  return { ...wire, source: source.payload, advance: clock.advance, freeze, lines: context.lines };
};

payloadSourceContract('ftp', between);

describe('fetching over ftp', () => {
  it('is refused without a ticket', async () => {
    const { source, lines } = await between(memoryPayloadStore(), ['a guess']);
    expect(await failureOf(source('dmz-1', 'dmz-1.abc', 0))).toMatchObject({
      lasting: 'temporary',
      code: 'notAdmitted',
    });
    expect(lines.filter((line) => line.includes('session'))).toEqual([]);
  });
});
