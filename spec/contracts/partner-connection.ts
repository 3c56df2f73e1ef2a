/** What every client of a partner's server does when it is not let in, not answered, or cut off. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type {
  ConnectStep,
  PartnerContext,
  PartnerPlace,
  PartnerProtocol,
  PartnerSession,
} from '../../domain/partner.ts';
import { freePort } from '../support/free-port.ts';
import { manualClock } from '../support/manual-clock.ts';
import { failureOf, inPieces, succeeded } from '../support/outcome.ts';
import type { PartnerServer } from '../support/partner-servers.ts';
import { wiresTo } from '../support/partner-wires.ts';
import { contextWith, placeAt } from '../support/real-partner.ts';
import { until } from '../support/until.ts';

const wrong = 'a wrong secret';

/** Runs the contract; `proves` is what the server proves itself by, if it does. */
export const partnerConnectionContract = (
  name: string,
  starting: () => Promise<PartnerServer>,
  protocol: PartnerProtocol,
  settings: Readonly<Record<string, unknown>>,
  proves: 'host key' | 'certificate' | undefined,
): void => {
  describe(`a connection to ${name}`, () => {
    let server: PartnerServer;
    beforeAll(async () => {
      server = await starting();
    });
    afterAll(() => server.stop());
    const come = (place: Partial<PartnerPlace> = {}, context: Partial<PartnerContext> = {}) =>
      protocol.connect(settings, placeAt(server, place), contextWith(context));
    const session = async (place: Partial<PartnerPlace> = {}, context: Partial<PartnerContext> = {}) => {
      const made: PartnerSession = await succeeded(come(place, context));
      onTestFinished(() => made.close());
      return made;
    };
    const put = async (file: string, size: number): Promise<string> => {
      await writeFile(join(server.disk, file), randomBytes(size));
      await server.own(join(server.disk, file));
      return `${server.root}/${file}`;
    };

    it('tells each step as it begins', async () => {
      const [steps, seen]: [ConnectStep[], string[]] = [[], []];
      await session({}, { onStep: (step) => steps.push(step), onSeen: (each) => seen.push(each) });
      const proof = proves === undefined ? [] : [proves === 'certificate' ? 'tls' : 'hostKey'];
      expect(steps).toEqual(['name', 'port', ...proof, 'login']);
      expect(seen).toEqual(proves === undefined ? [] : server.trusted);
    });

    it('fails for good where the password is wrong, and does not repeat it', async () => {
      const failure = await failureOf(come({ credentials: { password: wrong } }));
      expect(failure).toMatchObject({ lasting: 'permanent', code: 'badCredentials' });
      expect(failure.text).not.toContain(wrong);
    });

    if (proves)
      it('says nothing of ours to a server that nobody has approved', async () => {
        const steps: ConnectStep[] = [];
        const failure = await failureOf(come({ trusted: ['SHA256:another'] }, { onStep: (step) => steps.push(step) }));
        expect(failure).toMatchObject({ lasting: 'permanent', code: 'untrusted' });
        expect(failure.text).toContain(`${proves} that is not approved: ${server.trusted[0]}`);
        expect(failure.text).toContain('sallyport channels trust acme');
        expect(steps).not.toContain('login');
      });

    it('fails for now where no name, or nobody, is there', async () => {
      expect(await failureOf(come({ host: 'partner.invalid' }))).toMatchObject({
        lasting: 'temporary',
        code: 'unknownHost',
      });
      expect(await failureOf(come({ port: await freePort() }))).toMatchObject({
        lasting: 'temporary',
        code: 'unreachable',
      });
    });

    it('gives up a server that accepts and says nothing', async () => {
      const accepted: Socket[] = [];
      const silent = createServer((socket) => accepted.push(socket.on('error', () => undefined))).listen(
        0,
        '127.0.0.1',
      );
      await once(silent, 'listening');
      onTestFinished(() => {
        silent.close();
        for (const each of accepted) each.destroy();
      });
      const clock = manualClock();
      const coming = failureOf(come({ port: (silent.address() as AddressInfo).port }, { clock }));
      await until('it is connected', () => accepted.length > 0);
      clock.advance(29_999);
      clock.advance(1);
      expect(await coming).toMatchObject({ lasting: 'temporary', code: 'timeout' });
      await until('it has hung up', () => accepted.every((each) => each.destroyed || each.resume().readableEnded));
    });

    it('gives up a command that is not answered within 30 s', async () => {
      const wires = await wiresTo(server);
      const clock = manualClock(Date.now());
      const open = await session({ host: wires.host }, { clock });
      wires.freeze();
      const looking = failureOf(open.look(`${server.root}/a.xml`));
      clock.advance(30_000);
      expect(await looking).toMatchObject({ lasting: 'temporary', code: 'timeout' });
      expect(await failureOf(open.look(`${server.root}/a.xml`))).toMatchObject({ code: 'timeout' });
    });

    it.each(['everything', 'the data alone'])('throws to a reader when %s is cut', async (what) => {
      const wires = await wiresTo(server);
      const path = await put('big.bin', 20_000_000);
      const open = await session({ host: wires.host });
      let got = 0;
      const reading = (async () => {
        for await (const chunk of await succeeded(open.read(path, 0))) {
          got += chunk.length;
          if (got > 1_000_000) wires[what === 'everything' || proves === 'host key' ? 'cut' : 'cutData']();
        }
      })();
      await expect(reading).rejects.toMatchObject({ cause: { lasting: 'temporary', code: 'linkBroken' } });
      expect(got).toBeLessThan(20_000_000);
    });

    it('gives up a download of which no byte came within 60 s', async () => {
      const wires = await wiresTo(server);
      const path = await put('big.bin', 20_000_000);
      const clock = manualClock(Date.now());
      const open = await session({ host: wires.host }, { clock });
      let over = false;
      const reading = (async () => {
        for await (const _ of await succeeded(open.read(path, 0))) wires.freeze();
      })().finally(() => {
        over = true;
      });
      reading.catch(() => undefined);
      await until('it has given up', () => {
        clock.advance(20_000);
        return over;
      });
      await expect(reading).rejects.toMatchObject({
        cause: { code: expect.stringMatching(/linkBroken|timeout/) as string },
      });
    });

    it.each(['everything', 'the data alone'])('fails a write when %s is cut', async (what) => {
      const wires = await wiresTo(server);
      const open = await session({ host: wires.host });
      const bytes = async function* () {
        for (let i = 0; i < 200; i += 1) {
          if (i === 50) wires[what === 'everything' || proves === 'host key' ? 'cut' : 'cutData']();
          yield* inPieces(randomBytes(100_000), 100_000);
        }
      };
      const failure = await failureOf(open.write(`${server.root}/a.bin`, bytes()));
      expect(failure).toMatchObject({ lasting: 'temporary' });
      expect(failure.code).toMatch(/linkBroken|peerFailed/);
    });

    it('does not know the outcome of a write when it is cut after the last byte', async () => {
      const wires = await wiresTo(server);
      const open = await session({ host: wires.host });
      const bytes = async function* () {
        yield* inPieces(randomBytes(10_000));
        wires.freeze();
        setImmediate(wires.cut);
      };
      expect(await failureOf(open.write(`${server.root}/a.bin`, bytes()))).toMatchObject({
        lasting: 'temporary',
        code: 'outcomeUnknown',
      });
    });

    it('does not know the outcome of a removal or a renaming whose answer is lost', async () => {
      const wires = await wiresTo(server);
      const [a, b] = [await put('a.xml', 10), `${server.root}/b.xml`];
      const open = await session({ host: wires.host });
      const before = wires.control.carried();
      await succeeded(open.rename(a, b));
      // The same again the other way round; only the last answer does not come.
      const held = wires.control.holdAt(2 * wires.control.carried() - before);
      const renaming = failureOf(open.rename(b, a));
      await held;
      wires.cut();
      expect(await renaming).toMatchObject({ lasting: 'temporary', code: 'outcomeUnknown' });

      void wires.control.holdAt(Number.POSITIVE_INFINITY);
      const other = await session({ host: wires.host });
      wires.freeze();
      const removing = failureOf(other.remove(a));
      setImmediate(wires.cut);
      expect(await removing).toMatchObject({ lasting: 'temporary', code: 'outcomeUnknown' });
    });

    it('can be closed while a write waits for the server', async () => {
      const wires = await wiresTo(server);
      const open = await session({ host: wires.host });
      const bytes = async function* () {
        yield* inPieces(randomBytes(100_000));
        wires.freeze();
        setImmediate(() => void open.close());
        for (;;) yield* inPieces(randomBytes(100_000));
      };
      expect(await failureOf(open.write(`${server.root}/a.bin`, bytes()))).toMatchObject({
        lasting: 'temporary',
        code: 'closed',
      });
    });
  });
};
