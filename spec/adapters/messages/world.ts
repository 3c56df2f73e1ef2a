/** Real ends on real sockets: keys, clocks, a log that remembers, and a wire that can be cut. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKeys, type KeyNode } from '../../../adapters/keys/index.ts';
import { type MessageServiceOptions, messageService } from '../../../adapters/messages/index.ts';
import { fingerprintOf } from '../../../adapters/shared/certificates.ts';
import type { Clock, JsonObject, Log } from '../../../domain/ports.ts';
import { freePort } from '../../support/free-port.ts';
import { must, type Pair } from '../../support/message-pair.ts';

/** The clock on the wall, `factor` times as fast for whoever waits. */
export const clockOf = (factor = 1): Clock => ({
  now: () => Date.now(),
  monotonic: () => performance.now() * factor,
  after: (milliseconds, callback) => {
    const timer = setTimeout(callback, milliseconds / factor);
    return () => clearTimeout(timer);
  },
});

export type Line = { readonly level: string; readonly message: string; readonly fields: JsonObject | undefined };
/** A log that remembers, and can be waited for. */
export const logOf = () => {
  const lines: Line[] = [];
  const waiting = new Set<() => void>();
  const at = (level: string) => (message: string, fields?: JsonObject) => {
    lines.push({ level, message, fields });
    for (const look of [...waiting]) look();
  };
  const log: Log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), alarm: at('alarm') };
  const warned = (pattern: RegExp): Promise<Line> =>
    new Promise((resolve) => {
      const look = (): void => {
        const found = lines.find((line) => line.level === 'warn' && pattern.test(line.message));
        if (found === undefined) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
    });
  return { log, lines, warned };
};

export type Keys = {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
  readonly fingerprint: string;
};
/** Keys by node, all of one new CA. */
export const keysOf = async (nodes: readonly KeyNode[], clock: Clock = clockOf()): Promise<(node: string) => Keys> => {
  const directory = await mkdtemp(join(tmpdir(), 'link-'));
  must(await createKeys({ directory, nodes, clock })());
  const all = new Map<string, Keys>();
  for (const { node } of nodes) {
    const [ca = '', certificate = '', key = ''] = await Promise.all(
      ['ca.crt', `${node}.crt`, `${node}.key`].map((name) => readFile(join(directory, name), 'utf8')),
    );
    all.set(node, { ca, certificate, key, fingerprint: fingerprintOf(certificate) });
  }
  await rm(directory, { recursive: true });
  return (node) => {
    const keys = all.get(node);
    if (keys === undefined) throw new Error(`no keys of ${node}`);
    return keys;
  };
};

export type Wire = {
  readonly port: number;
  /** Connections made through it so far. */
  readonly made: () => number;
  readonly cut: () => void;
  readonly mend: () => void;
  /** Lets no byte pass any more, and ends nothing. */
  readonly freeze: () => void;
  readonly close: () => Promise<void>;
};
/** A TCP wire to a local port. */
export const wireTo = async (target: number): Promise<Wire> => {
  const sockets = new Set<Socket>();
  let whole = true;
  let made = 0;
  const server = createServer((from) => {
    if (!whole) {
      from.destroy();
      return;
    }
    made++;
    const to = connect(target, '127.0.0.1');
    for (const [one, other] of [[from, to] as const, [to, from] as const]) {
      sockets.add(one);
      one.on('error', () => undefined);
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = (): void => {
    whole = false;
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    made: () => made,
    cut,
    mend: () => {
      whole = true;
    },
    freeze: () => {
      for (const socket of sockets) {
        socket.unpipe();
        socket.resume();
      }
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        cut();
      }),
  };
};

/** The options of both ends, wired together. */
export const realOptions = async (
  mode: 'pushback' | 'direct',
  keys: (node: string) => Keys,
  own: { readonly clock?: Clock; readonly log?: Log; readonly maxMessageSize?: number } = {},
) => {
  const [innerPort, dmzPort] = [await freePort(), await freePort()];
  const [toInner, toDmz] = [await wireTo(innerPort), await wireTo(dmzPort)];
  const common = { mode, host: '127.0.0.1', maxMessageSize: 1024 * 1024, clock: clockOf(), log: logOf().log, ...own };
  const inner: MessageServiceOptions = {
    ...common,
    ...keys('inner1'),
    role: 'inner',
    node: 'inner1',
    port: innerPort,
    peers: [{ node: 'dmz1', fingerprint: keys('dmz1').fingerprint, host: '127.0.0.1', port: toDmz.port }],
  };
  const dials = mode === 'direct' ? { host: '127.0.0.1' } : {};
  const dmz: MessageServiceOptions = {
    ...common,
    ...keys('dmz1'),
    role: 'dmz',
    node: 'dmz1',
    port: dmzPort,
    peers: [{ node: 'inner1', fingerprint: keys('inner1').fingerprint, port: toInner.port, ...dials }],
  };
  return { inner, dmz, toInner, toDmz };
};

/** A pair for the contract. */
export const realPair = async (
  mode: 'pushback' | 'direct',
  keys: (node: string) => Keys,
  own: Parameters<typeof realOptions>[2] = {},
): Promise<Pair & { readonly toInner: Wire; readonly toDmz: Wire }> => {
  const options = await realOptions(mode, keys, own);
  const { toInner, toDmz } = options;
  const [inner, dmz] = [messageService(options.inner), messageService(options.dmz)];
  return {
    inner,
    dmz,
    toInner,
    toDmz,
    cut: () => {
      toInner.cut();
      toDmz.cut();
    },
    mend: () => {
      toInner.mend();
      toDmz.mend();
    },
    dispose: async () => {
      await Promise.all([inner.close(), dmz.close()]);
      await Promise.all([toInner.close(), toDmz.close()]);
    },
  };
};
