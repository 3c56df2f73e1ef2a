/** What an event says, and what there is in the world once it happened: payloads, files at the partner, results in their directory. */
import { createHash } from 'node:crypto';
import { isLeft } from 'fp-ts/lib/Either.js';
import type { Streams } from '../../actors/streams.ts';
import { derivedId } from '../../adapters/shared/ids.ts';
import { keyOf } from '../../domain/payload.ts';
import type { Role } from '../../domain/role.ts';
import { sendingRules, temporaryName } from '../../domain/sending.ts';
import type { Folded } from '../../domain/transfer/fold.ts';
import type { Creation, EventType, Fact } from '../../domain/transfer/vocabulary.ts';
import { fact, id } from '../support/given.ts';
import type { MemoryPartner } from '../support/memory-partner.ts';
import { outDirectory } from './config.ts';
import type { Outcome } from './delivery.ts';
import type { Disk } from './disk.ts';

/** Where things are. */
export type Things = {
  readonly disks: Readonly<Record<Role, Disk>>;
  readonly partner: MemoryPartner;
  readonly outcome: Outcome;
};

/** The one transfer. */
export const transfer = id;
/** Its bytes, and its file's name. */
export const content = 'the content of the one file';
export const name = 'a.xml';

const bytes = Buffer.from(content);
const reference = { size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
const payloadAt = (role: Role) => ({ ...reference, key: keyOf(`${role}-1`, transfer) });
/** At the partner: where it is fetched from, where it is sent to. */
export const [sourcePath, targetPath] = [`/from/${name}`, `/to/${name}`];
/** A file that was on its way may be sent again where nothing of it is found. */
export const sending = sendingRules.parse({ onUnknownOutcome: 'resend' });
const temporaryPath = `/to/${temporaryName(sending, transfer, name)}`;
const longAgo = 1_000;

const creation = (scenario: string): Creation => {
  const [channel, payload] = ['acme', payloadAt('inner')];
  const [dmz, target] = ['dmz-1', { kind: 'partner', directory: '/to', name } as const];
  switch (scenario) {
    case 'innerOnly':
      return { scenario, channel, payload, target: { kind: 'file', directory: outDirectory, name } };
    case 'innerSends':
      return { scenario, channel, payload, target };
    case 'responseSend':
      return { scenario, channel, payload, target, dmz };
    case 'processPart':
      return { scenario, channel, payload, name, parent: { transfer: '0'.repeat(26), index: 1, run: 0 } };
    case 'processAgain':
      return { scenario, channel, payload, name, again: '0'.repeat(26) };
    case 'provide': {
      const home = { kind: 'home', directory: '/', name, keepFor: 60_000, afterPickUp: 'delete' } as const;
      return { scenario, channel, payload, target: home, dmz };
    }
    default: {
      const source = { path: sourcePath, name, size: reference.size, modified: longAgo, after: 'delete' } as const;
      return { scenario: 'cronGet', channel, source, profile: 'orders', dmz };
    }
  }
};

/** The fact that the owner of the present state would record. */
export const factOf = async (type: EventType, folded: Folded, things: Things, now: number): Promise<Fact> => {
  const { scenario } = folded;
  switch (type) {
    case 'created':
      return { type, data: creation(scenario) };
    case 'received':
      return fact(type, {
        path: scenario === 'cronGet' ? sourcePath : `/${name}`,
        name,
        payload: payloadAt('dmz'),
        modified: longAgo,
      });
    case 'forwarded':
      return fact(type, { inline: folded.revision % 2n === 0n });
    case 'fetched':
      return fact(type, { payload: payloadAt('inner') });
    case 'stepDone':
      return fact(type, { index: 0, step: 'rename', name });
    case 'processed':
      return fact(type, { responses: [response] });
    case 'placed':
      return fact(type, { temporary: temporaryPath, final: targetPath, modified: longAgo });
    case 'provided':
      return fact(type, { path: `/${name}`, payload: payloadAt('dmz'), until: now + 60_000, afterPickUp: 'delete' });
    case 'prepared': {
      const { run, attempt } = folded.transfer;
      const temporary = `.${transfer}.${run * 1000 + attempt}`;
      const facts = await things.outcome.files.prepare(outDirectory, temporary, whole())();
      if (isLeft(facts)) throw new Error(facts.left.text);
      const { inode, ctime } = facts.right;
      return { type, data: { temporary, final: name, inode, ctime } };
    }
    case 'sent':
      return fact(type, { final: scenario === 'innerOnly' ? name : targetPath });
    default:
      return fact(type);
  }
};

/** The transfer that delivers the result. */
const response = derivedId('response', transfer, 0);

async function* whole(): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}

/** The work of an event's step, done: what is in the world when it is recorded, or about to be. */
export const happens = async (
  { type }: Fact,
  folded: Folded,
  inner: Streams,
  { disks, partner, outcome }: Things,
): Promise<void> => {
  const { scenario } = folded;
  const store = (role: Role): void => void disks[role].payloads.committed.set(keyOf(`${role}-1`, transfer), bytes);
  const file = (modified: number) => ({ bytes, modified });
  switch (type) {
    case 'created':
      if (scenario === 'cronGet') partner.files.set(sourcePath, file(longAgo));
      else store('inner');
      return;
    case 'received':
    case 'staged':
      store('dmz');
      return;
    case 'fetched':
      store('inner');
      return;
    case 'forwarded':
      if (folded.revision % 2n === 0n) store('inner');
      return;
    case 'processed':
      await respond(inner);
      return;
    case 'placed':
      partner.files.set(temporaryPath, file(longAgo));
      return;
    case 'sent':
      if (scenario === 'innerOnly') {
        const temporary = folded.transfer.prepared?.temporary ?? '';
        await outcome.files.link(outDirectory, temporary, name)();
        await outcome.files.unlink(outDirectory, temporary)();
        return;
      }
      partner.files.delete(temporaryPath);
      partner.files.set(targetPath, file(longAgo));
      return;
    case 'acknowledged':
      if (scenario === 'cronGet') partner.files.delete(sourcePath);
      return;
    default:
  }
};

/** The response is created before that is recorded. */
const respond = async (inner: Streams): Promise<void> => {
  const payload = payloadAt('inner');
  const parent = { transfer, index: 0, run: 0 };
  const target = { kind: 'file', directory: outDirectory, name } as const;
  const data = { scenario: 'innerOnly', channel: 'acme', payload, parent, target } as const;
  const done = await inner.record(response, 'create', () => ({ _tag: 'Right', right: [{ type: 'created', data }] }));
  if (isLeft(done)) throw new Error(done.left.text);
};
