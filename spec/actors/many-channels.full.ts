/** 100,000 channels: brought to a dmz whole and in parts, then one change. */

import { X509Certificate } from 'node:crypto';
import { expect, it } from 'vitest';
import { startProjector } from '../../actors/projector.ts';
import { openPublisher } from '../../actors/publish-channels.ts';
import { openStreams } from '../../actors/streams.ts';
import { openTaker } from '../../actors/take-channels.ts';
import { linkSignatures } from '../../adapters/keys/signatures.ts';
import { makeSelfSigned } from '../../adapters/shared/certificates.ts';
import type { ChannelConfig } from '../../domain/channel-settings.ts';
import type { Log } from '../../domain/ports.ts';
import { channelsProjection } from '../../projections/channels.ts';
import { configs, verifiers } from '../simulation/config.ts';
import { countedIds, manualClock } from '../support/manual-clock.ts';
import { memoryEventLog } from '../support/memory-event-log.ts';
import { memoryMessages } from '../support/memory-messages.ts';
import { memoryReadModels } from '../support/memory-read-models.ts';
import { handlers } from '../support/message-pair.ts';
import { succeeded } from '../support/outcome.ts';

const template = configs.inner.role === 'inner' ? configs.inner.channels[0] : undefined;
const quiet = () => undefined;
const log: Log = { debug: quiet, info: quiet, warn: quiet, error: quiet, alarm: quiet };

it('a dmz takes 100,000 channels in parts, and a removal as one small message', async () => {
  if (template === undefined) throw new Error('the config has a channel');
  const channels = Array.from({ length: 100_000 }, (_, i): ChannelConfig => {
    const name = `channel-${i}`;
    return { ...template, name, login: name, password: undefined, verifier: `$argon2id$${'x'.repeat(90)}` };
  });
  const pair = await makeSelfSigned('inner-1', Date.now());
  const signatures = linkSignatures({ ...pair, ca: pair.certificate });
  const link = memoryMessages({ inner: 'inner-1', dmz: 'dmz-1' });
  const [clock, ids, eventLog, models] = [manualClock(), countedIds(), memoryEventLog(), memoryReadModels()];
  const streams = openStreams({ log: eventLog, clock, ids, role: 'dmz', node: 'dmz-1' });
  const stop = new AbortController();
  const projector = await startProjector({ eventLog, models, clock, log }, [channelsProjection], stop.signal);
  const certificateOf = () => new Uint8Array(new X509Certificate(pair.certificate).raw);
  const own = { models, projection: channelsProjection, projector, streams, ids, signatures, certificateOf, log };
  const ended: string[] = [];
  const taker = openTaker(
    { ...own, node: 'dmz-1', end: (name) => ended.push(name) },
    { held: undefined, leftEpochs: new Set() },
  );
  let messages = 0;
  const take = (from: Parameters<typeof taker.take>[0], update: Parameters<typeof taker.take>[1]) => {
    messages += update === undefined ? 0 : 1;
    return taker.take(from, update);
  };
  await succeeded(link.dmz.start(handlers({ channels: take })));
  await succeeded(link.inner.start(handlers()));
  const innerLog = memoryEventLog();
  const innerStreams = openStreams({ log: innerLog, clock, ids, role: 'inner', node: 'inner-1' });
  const publisher = await openPublisher({
    ...{ eventLog: innerLog, streams: innerStreams, ids, signatures, node: 'inner-1' },
    ...{ messages: link.inner, verifiers, clock, log, maxMessageSize: 16 * 1024 ** 2 },
  });
  const began = performance.now();
  await publisher.publish(channels, new Map());
  expect(taker.version()?.counter).toBe(1);
  expect(messages).toBeGreaterThan(1);
  expect(await succeeded(models.count(channelsProjection))).toBe(100_000);
  const [whole, parts] = [performance.now() - began, messages];
  const again = performance.now();
  await publisher.publish(channels.slice(1), new Map());
  expect(messages).toBe(parts + 1);
  expect(ended).toEqual(['channel-0']);
  process.stdout.write(
    `100,000 channels: ${parts} parts in ${Math.round(whole)} ms, one removal in ${Math.round(performance.now() - again)} ms\n`,
  );
  stop.abort();
});
