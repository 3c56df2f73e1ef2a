/** What must be true once everything has come to rest. Each finding is one sentence. */
import { channelOf } from '../../domain/channel.ts';
import type { Role } from '../../domain/role.ts';
import { transferOf } from '../../domain/transfer/event-id.ts';
import type { TransferRecord } from '../../projections/transfers.ts';
import type { Ledger } from './ledger.ts';
import type { Server } from './server.ts';

/** The transfers of a server as its read model has them. */
export const rowsOf = (server: Server): readonly TransferRecord[] =>
  [...(server.disk.tables.get('transfers')?.rows.values() ?? [])] as unknown as readonly TransferRecord[];

/** Held for want of a profile: what no profile takes waits for a person. */
const isExplained = (row: TransferRecord): boolean =>
  !row.name.endsWith('.xml') && (row.state === 'held' || row.heldFrom !== null) && row.parent === null;

/** Is nothing owed any more? A sentence where something is. */
export const unsettled = (servers: readonly Server[]): string | undefined => {
  for (const server of servers) {
    for (const row of rowsOf(server)) {
      const where = `${row.id} (${row.name}) on ${server.role}`;
      if (row.tellAt !== null) return `${where} has not been told to the other server`;
      // What its partner has not heard of stays for a day.
      const stays = server.role === 'inner' || row.unheard;
      if (row.ended ? !row.purged && !stays : !isExplained(row)) return `${where} is ${row.state}`;
    }
  }
  return undefined;
};

/** Everything that is wrong at the end. */
export const findings = (inner: Server, dmz: Server, ledger: Ledger): readonly string[] => [
  ...(lagged(dmz) ? [] : ledger.complaints),
  ...deliveries(inner, ledger),
  ...stories(inner, dmz),
  ...[inner, dmz].flatMap(alarms),
];

/** While its read models wait for room on the disk, dmz shows homes as they were. */
const lagged = (dmz: Server): boolean => dmz.alarms.some(({ message }) => message.startsWith('the read models wait'));

const deliveries = (inner: Server, ledger: Ledger): readonly string[] => {
  const counts = new Map<string, number>();
  for (const content of inner.outcome.delivered()) counts.set(content, (counts.get(content) ?? 0) + 1);
  const unmatched = new Set(unmatchedContents(inner, ledger));
  const wrong: string[] = [];
  for (const { content, standing } of ledger.all.values()) {
    const times = counts.get(content) ?? 0;
    counts.delete(content);
    const what = `${content.slice(0, 10)} of ${content.length} bytes`;
    if (unmatched.has(content)) continue;
    if (standing === 'accepted' && times !== 1) wrong.push(`${what} was accepted and delivered ${times} times`);
    if (standing === 'asked' && times > 1) wrong.push(`${what} got no OK and was delivered ${times} times`);
    if (standing === 'sent' && times > 0) wrong.push(`${what} was never completed and is delivered`);
  }
  for (const content of counts.keys()) wrong.push(`"${content}" is delivered, which nobody sent so`);
  return wrong;
};

/** Contents that stand in a transfer that waits for a profile: neither lost nor delivered. */
const unmatchedContents = (inner: Server, ledger: Ledger): readonly string[] => {
  const held = rowsOf(inner).filter(isExplained);
  const committed = [...inner.disk.payloads.committed];
  return held.flatMap((row) => {
    const bytes = committed.find(([key]) => key.endsWith(row.id))?.[1];
    const content = bytes && Buffer.from(bytes).toString();
    return content !== undefined && ledger.all.has(content) ? [content] : [];
  });
};

/** By transfer: its travelling events in the order of the log. */
const storyOf = (server: Server): ReadonlyMap<string, string> => {
  const found = new Map<string, string>();
  for (const [, stream, , id, type, , metadata] of server.disk.events) {
    if (transferOf(stream) === undefined) continue;
    const { origin, originSeq } = JSON.parse(metadata) as { readonly origin: string; readonly originSeq?: number };
    if (originSeq === undefined) continue;
    found.set(stream, `${found.get(stream) ?? ''}${type} ${origin}/${originSeq} ${id}; `);
  }
  return found;
};

/** Where the two logs tell a transfer's travelling events otherwise, or in another order. */
export const stories = (inner: Server, dmz: Server): readonly string[] => {
  const [here, there] = [storyOf(inner), storyOf(dmz)];
  return [...new Set([...here.keys(), ...there.keys()])]
    .filter((stream) => here.get(stream) !== there.get(stream))
    .map((stream) => `${stream} reads on inner "${here.get(stream) ?? ''}" and on dmz "${there.get(stream) ?? ''}"`);
};

/** Alarms that a schedule explains: no profile takes a `.txt`, and disks are full at times. */
const explained = (message: string, fields: string): boolean =>
  (message.startsWith('a transfer is held') && fields.includes('no profile')) || fields.includes('the disk is full');

const alarms = (server: Server): readonly string[] =>
  server.alarms
    .filter(({ message, fields }) => !explained(message, fields))
    .map(({ role, message, fields }) => `${role} raised an alarm: ${message} ${fields}`);

/** What no sweep has taken: to be asked once both servers were started again. */
export const leftovers = (inner: Server, dmz: Server): readonly string[] => [
  ...inner.outcome.temporaries().map((name) => `the temporary ${name} is left`),
  ...[inner, dmz].flatMap(orphans),
];

/** Payloads that no transfer and no upload of the log knows, and those that were to be freed. */
const orphans = (server: Server): readonly string[] => {
  const known = new Set<string>();
  for (const [, stream] of server.disk.events)
    if (channelOf(stream) === undefined) known.add(stream.split('-')[1] ?? '');
  const role: Role = server.role;
  const { committed, partials } = server.disk.payloads;
  const freed = new Set(
    rowsOf(server)
      .filter((row) => row.purged)
      .map((row) => row.id),
  );
  return [...committed.keys(), ...partials.keys()].flatMap((key) => {
    const id = key.split('.')[1] ?? '';
    if (!known.has(id)) return [`${role} keeps the payload ${key}, which nothing knows`];
    return freed.has(id) ? [`${role} keeps the payload ${key}, which was purged`] : [];
  });
};
