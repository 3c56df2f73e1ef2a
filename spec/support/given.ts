/** Given events / when / then events, for transfers, without mocks. */

import { ownerOf, travels } from '../../actors/roles.ts';
import { apply, begin, type Folded, scenarioOf } from '../../domain/transfer/fold.ts';
import type { Fact, TransferEvent } from '../../domain/transfer/vocabulary.ts';

export const id = '01hzzzzzzzzzzzzzzzzzzzzzz0';
export const payload = { key: `dmz-1.${id}`, size: 3, sha256: 'a'.repeat(64) };

const samples: { readonly [T in Fact['type']]: Extract<Fact, { type: T }>['data'] } = {
  received: {
    channel: 'acme',
    protocol: 'sftp',
    path: '/orders/a.xml',
    name: 'a.xml',
    payload,
    by: { login: 'acme', address: '192.0.2.7' },
  },
  created: {
    scenario: 'innerOnly',
    channel: 'acme',
    payload: { ...payload, key: `inner-1.${id}` },
    target: { kind: 'file', directory: '/out', name: 'a.xml' },
  },
  forwarded: { inline: true },
  fetched: { payload: { ...payload, key: `inner-1.${id}` } },
  matched: { profile: 'orders' },
  stepDone: { index: 0, step: 'rename', name: 'b.xml' },
  processed: { responses: [] },
  acknowledged: {},
  requested: {},
  staged: {},
  placed: { temporary: `/in/.${id}.part`, final: '/in/a.xml' },
  provided: { channel: 'acme', path: '/out/a.xml', payload, until: 9_999, afterPickUp: 'delete' },
  pickedUp: { by: { login: 'acme', address: '192.0.2.7' }, protocol: 'sftp', kept: false },
  expired: {},
  prepared: { temporary: `.${id}.0`, final: 'a.xml', inode: '1', ctime: '2' },
  sent: { final: 'a.xml' },
  stepFailed: { step: 'fetch', code: 'noLink', text: 'no link', lasting: 'temporary' },
  held: { reason: 'no profile', code: 'noProfile' },
  released: { reason: 'config mended' },
  retried: { reason: 'partner is back' },
  abandoned: { reason: 'sent twice' },
  viewChanged: { path: null },
  confirmed: {},
  repeated: { by: { login: 'acme' } },
  reported: { report: id, recipients: [{ address: 'a@b.example', action: 'failed', status: '5.1.1', said: 'nobody' }] },
  purged: {},
};

/** A fact with sample data. */
export const fact = <T extends Fact['type']>(type: T, data?: Partial<Extract<Fact, { type: T }>['data']>): Fact =>
  ({ type, data: { ...samples[type], ...data } }) as unknown as Fact;

const nodes = { dmz: 'dmz-1', inner: 'inner-1' } as const;

/** The event that the owner of the present state would record for a fact. */
export const recorded = (folded: Folded, what: Fact): TransferEvent => {
  const state = folded.state === 'held' ? (folded.heldFrom ?? 'new') : folded.state;
  const origin = nodes[ownerOf(folded.scenario, state) ?? 'dmz'];
  const seq = (folded.transfer.seqs[origin] ?? 0) + 1;
  const { run, attempt } = folded.transfer;
  const at = 1_000 + Number(folded.revision + 1n);
  const numbered = travels(folded.scenario, what.type) ? { originSeq: seq } : {};
  return {
    ...what,
    id: `00000000-0000-5000-8000-${String(Number(folded.revision) + 2).padStart(12, '0')}`,
    meta: { origin, ...numbered, at, run, attempt, step: 'sample' },
  };
};

/** A transfer to which these facts happened, in this order. */
export const given = (...facts: readonly (Fact | Fact['type'])[]): Folded => story(...facts).folded;

/** The same, with its events. */
export const story = (
  ...facts: readonly (Fact | Fact['type'])[]
): { readonly folded: Folded; readonly events: readonly TransferEvent[] } => {
  const first = facts[0] === undefined || typeof facts[0] === 'string' ? fact(facts[0] ?? 'received') : facts[0];
  const scenario = scenarioOf(first as TransferEvent);
  if (scenario === undefined) throw new Error(`${first.type} opens no transfer`);
  let folded = begin(id, scenario);
  const events: TransferEvent[] = [];
  for (const each of facts) {
    const event = recorded(folded, typeof each === 'string' ? fact(each) : each);
    events.push(event);
    folded = apply(folded, event, folded.revision + 1n);
  }
  return { folded, events };
};
