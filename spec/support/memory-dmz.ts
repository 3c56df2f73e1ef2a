/** The actors of a dmz over ports in memory, with one channel and nobody on the other side of the link. */
import { isLeft, left } from 'fp-ts/lib/Either.js';
import { type NodePorts, startNode } from '../../actors/node.ts';
import { mailParts } from '../../adapters/mime/index.ts';
import type { ReplicatedChannel } from '../../domain/channel.ts';
import { refusal } from '../../domain/failure.ts';
import type { Answer, Session } from '../../domain/intake.ts';
import { configs, verifiers } from '../simulation/config.ts';
import { countedIds, manualClock } from './manual-clock.ts';
import { memoryDelivery } from './memory-delivery.ts';
import { memoryDisk } from './memory-disk.ts';
import { memoryEventLog } from './memory-event-log.ts';
import { memoryMessages } from './memory-messages.ts';
import { everyMinute, memoryPartners } from './memory-partners.ts';
import { memoryPayloadStore } from './memory-payload-store.ts';
import { memoryPrograms } from './memory-programs.ts';
import { memoryReadModels } from './memory-read-models.ts';
import { memorySignatures, updateOf } from './memory-signatures.ts';
import { succeeded } from './outcome.ts';
import { silent } from './silent.ts';

/** Its channel. */
export const acme: ReplicatedChannel = {
  name: 'acme',
  login: 'acme',
  verifier: '$argon2id$open sesame',
  publicKeys: [],
  clientCertificates: [`sha256:${'a'.repeat(64)}`],
  temporaryNames: ['*.tmp'],
  completeOn: 'close',
  markerSuffix: '.ok',
  maxSize: 1024 ** 2,
  maxSessions: 10,
};

/** Starts it. `login` opens a session of the channel `acme`; some ports may be others. */
export const memoryDmz = async (ports: Partial<NodePorts> = {}, channels: readonly ReplicatedChannel[] = [acme]) => {
  const link = memoryMessages({ inner: 'inner-1', dmz: 'dmz-1' });
  const all: NodePorts = {
    eventLog: memoryEventLog(),
    models: memoryReadModels(),
    payloads: memoryPayloadStore(),
    messages: link.dmz,
    delivery: memoryDelivery(),
    programs: memoryPrograms({}),
    mails: mailParts(),
    partners: memoryPartners(),
    cron: everyMinute,
    disk: memoryDisk(2 ** 40),
    verifiers,
    signatures: memorySignatures('dmz-1'),
    clock: manualClock(),
    ids: countedIds(),
    log: silent,
    ...ports,
  };
  const status = () => ({ state: 'serving', listeners: [], residentBytes: 0 });
  const node = await startNode(all, { config: configs.dmz, passwords: new Map(), status });
  await node.catchUp();
  await node.serve();
  const no = () => Promise.resolve(left(refusal('unavailable', 'inner is away')));
  const away = {
    ...{
      payload: no,
      ticket: no,
      channels: no,
      command: no,
      stage: no,
      segments: no,
      partner: no,
      list: no,
      routes: no,
      through: no,
    },
    events: () => Promise.resolve([]),
  };
  await succeeded(link.inner.start(away));
  for (const part of updateOf(channels)) await succeeded(link.inner.channels('dmz-1', part));
  link.cut();
  const { intake } = node;
  if (intake === undefined) throw new Error('a dmz has an intake');
  const proof = { kind: 'password', password: 'open sesame' } as const;
  return {
    ports: all,
    intake,
    login: () => allowed(intake.login({ protocol: 'sftp', address: '192.0.2.7', login: 'acme', proof })),
    stop: () => node.stop(0),
  };
};

/** The value of an answer; throws its refusal. */
export const allowed = async <A>(answer: Answer<A>): Promise<A> => {
  const answered = await answer();
  if (isLeft(answered)) throw new Error(`${answered.left.reason}: ${answered.left.text}`);
  return answered.right;
};

/** Puts a file. */
export const put = async (session: Session, path: string, content: string): Promise<void> => {
  const upload = await allowed(session.upload(path));
  await allowed(upload.write(0, Buffer.from(content)));
  await allowed(upload.complete());
};
