/** What every way to another server's payloads does. */
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { PayloadSource, PayloadStore } from '../../domain/ports.ts';
import { memoryPayloadStore } from '../support/memory-payload-store.ts';
import { bytesOf, failureOf, succeeded } from '../support/outcome.ts';
import { until } from '../support/until.ts';

/** The way that is tested: `inner` fetches from node `dmz-1`, whose payloads are in the store. */
export type Way = {
  readonly source: PayloadSource;
  /** Ends every connection; the next one is admitted. */
  readonly cut: () => void;
  /** Lets no byte pass any more. */
  readonly freeze: () => void;
  /** Connections that are open now. */
  readonly open: () => number;
  /** Lets so much time pass for the source. */
  readonly advance: (milliseconds: number) => void;
  /** Nobody answers any more. */
  readonly close: () => Promise<void>;
};

const key = 'dmz-1.abc';

/** Runs the contract; `make` closes what it opened after the test. */
export const payloadSourceContract = (name: string, make: (store: PayloadStore) => Promise<Way>): void => {
  describe(`fetching over ${name}`, () => {
    const started = async (size: number) => {
      const store = memoryPayloadStore();
      const bytes = randomBytes(size);
      for (const each of [key, 'other-1.abc']) {
        const writer = await succeeded(store.write(each));
        await succeeded(writer.write(0, bytes));
        await succeeded(writer.commit());
      }
      return { bytes, way: await make(store) };
    };

    it('gives a payload whole, from a byte on, and from its end', async () => {
      const { bytes, way } = await started(3_000_001);
      for (const start of [0, 1_234_567, bytes.length - 1, bytes.length]) {
        const given = await succeeded(way.source('dmz-1', key, start));
        expect(given.size).toBe(bytes.length);
        expect((await bytesOf(given.bytes)).equals(bytes.subarray(start))).toBe(true);
      }
      await until('no connection is left', () => way.open() === 0);
    });

    it('gives an empty payload', async () => {
      const { way } = await started(0);
      const given = await succeeded(way.source('dmz-1', key, 0));
      expect([given.size, (await bytesOf(given.bytes)).length]).toEqual([0, 0]);
    });

    it('gives four at the same time', async () => {
      const { bytes, way } = await started(500_000);
      const all = await Promise.all(
        [0, 1, 2, 3].map(async (start) => bytesOf((await succeeded(way.source('dmz-1', key, start))).bytes)),
      );
      expect(all.map((each, start) => each.equals(bytes.subarray(start)))).toEqual([true, true, true, true]);
    });

    it('fails for good where there is no such payload, or it is of another node', async () => {
      const { way } = await started(10);
      for (const each of ['dmz-1.nothing', 'other-1.abc'])
        expect(await failureOf(way.source('dmz-1', each, 0))).toMatchObject({ lasting: 'permanent', code: 'notFound' });
      await until('no connection is left', () => way.open() === 0);
    });

    it('throws to the reader when the connection is cut, and gives the rest to the next try', async () => {
      const { bytes, way } = await started(8_000_000);
      const given = await succeeded(way.source('dmz-1', key, 0));
      let got = 0;
      const reading = (async () => {
        for await (const chunk of given.bytes) {
          got += chunk.length;
          if (got > 100_000) way.cut();
        }
      })();
      await expect(reading).rejects.toThrow();
      expect(got).toBeLessThan(bytes.length);
      const rest = await succeeded(way.source('dmz-1', key, got));
      expect((await bytesOf(rest.bytes)).equals(bytes.subarray(got))).toBe(true);
    });

    it('ends the connection when the reader stops', async () => {
      const { way } = await started(8_000_000);
      for await (const chunk of (await succeeded(way.source('dmz-1', key, 0))).bytes) {
        expect(chunk.length).toBeGreaterThan(0);
        break;
      }
      await until('no connection is left', () => way.open() === 0);
    });

    it('gives up when no byte comes for 30 s', async () => {
      const { way } = await started(8_000_000);
      const given = await succeeded(way.source('dmz-1', key, 0));
      way.freeze();
      let over = false;
      const reading = bytesOf(given.bytes).finally(() => {
        over = true;
      });
      reading.catch(() => undefined);
      await until('it has given up', () => {
        way.advance(30_000);
        return over;
      });
      await expect(reading).rejects.toThrow(/30 s/);
    });

    it('says what to configure where nobody answers', async () => {
      const { way } = await started(10);
      await way.close();
      const failure = await failureOf(way.source('dmz-1', key, 0));
      expect(failure).toMatchObject({ lasting: 'temporary', code: 'noFetchEndpoint' });
      expect(failure.text).toMatch(/fetch\.(sftp|ftp) on dmz.*messageService\.peers\[\]\.fetch/);
    });
  });
};
