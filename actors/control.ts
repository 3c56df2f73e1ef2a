/** What a person may ask of this server. */
import { isLeft, left, right } from 'fp-ts/lib/Either.js';
import type { Control, Status, TransferRow } from '../domain/control.ts';
import type { FiguresControl } from '../domain/control-figures.ts';
import { type Decision, refusal } from '../domain/failure.ts';
import type { Command, Messages, Peer } from '../domain/message.ts';
import type { Clock, Projection, ReadModels } from '../domain/ports.ts';
import type { Receipt } from '../domain/receipt.ts';
import { otherRole, type Role } from '../domain/role.ts';
import { type Order, order } from '../domain/transfer/decide.ts';
import type { Folded } from '../domain/transfer/fold.ts';
import type { Who } from '../domain/transfer/vocabulary.ts';
import { allOf } from '../projections/order.ts';
import type { TransferRecord } from '../projections/transfers.ts';
import type { RunAgain } from './again.ts';
import { eventLines } from './event-lines.ts';
import type { Projector } from './projector.ts';
import { asRefusal } from './refusals.ts';
import type { Replication } from './replication.ts';
import { ownerOf } from './roles.ts';
import type { Streams } from './streams.ts';

/** What the control surface rests on. */
export type ControlNeeds = {
  readonly models: ReadModels;
  readonly projection: Projection<TransferRecord>;
  readonly projector: Projector;
  readonly streams: Streams;
  readonly messages: Messages;
  readonly role: Role;
  readonly clock: Clock;
  /** What may be asked about channels. */
  readonly replication: Pick<Replication, 'control' | 'count'>;
  readonly runAgain: RunAgain;
  readonly receipt: (row: TransferRow) => Promise<Decision<Receipt>>;
  /** What has a file of its own. */
  readonly more: Pick<Control, 'send' | 'probe' | 'trust'> & FiguresControl;
  readonly status: () => Pick<Status, 'node' | 'state' | 'listeners' | 'residentBytes'>;
};

/** The control surface, and the part of it that the peer may use. */
export type RunningControl = Control & {
  /** An order that a person gave at the peer. */
  takeOrder(from: Peer, command: Command): Promise<Decision<void>>;
};

/** Makes the control surface of a server. */
export const controlOf = (needs: ControlNeeds): RunningControl => {
  const { models, projection, projector, streams, role } = needs;
  const settled = () => projector.settled(streams.position());

  const find = async (id: string): Promise<Decision<TransferRecord>> => {
    await settled();
    const exact = await models.get(projection, [id])();
    if (isLeft(exact)) return left(asRefusal(exact.left));
    const row = exact.right.get(id);
    if (row !== undefined) return right(row);
    const keys = { from: id, to: `${id}~` };
    const begun = await models.query(projection, { keys, limit: 2 })();
    if (isLeft(begun)) return left(asRefusal(begun.left));
    const [only, other] = begun.right;
    if (only === undefined) return left(refusal('notFound', `there is no transfer ${id}`));
    return other === undefined ? right(only) : left(refusal('invalid', `more than one transfer begins with ${id}`));
  };

  const orderHere = async (id: string, what: Order, reason: string, by: Who): Promise<Decision<Folded>> => {
    const done = await streams.record(id, 'operator', (folded) => {
      if (folded === undefined) return left(refusal('notFound', `there is no transfer ${id}`));
      const decided = order(folded, what, reason, by);
      return isLeft(decided) ? decided : right([decided.right]);
    });
    if (isLeft(done)) return left(asRefusal(done.left));
    return done.right === undefined ? left(refusal('notFound', `there is no transfer ${id}`)) : right(done.right);
  };

  const owner = (row: TransferRecord): Role | undefined => ownerOf(row.scenario, row.heldFrom ?? row.state);

  const orderThere = async (row: TransferRecord, command: Command): Promise<Decision<string>> => {
    if (row.acked < row.ownSeq) {
      await projector.mark(projection, row.id, (now) => ({ ...now, tellAt: needs.clock.now(), tellTries: 0 }));
      if (command.order === 'retry') return right(`${row.id}: offered to ${otherRole(role)} again`);
    }
    if (row.peer === null) return left(refusal('illegal', 'it has no other server'));
    const sent = await needs.messages.command(row.peer, command)();
    if (isLeft(sent)) return left(refusal('unavailable', `${row.peer}: ${sent.left.text}`));
    return right(`${row.id}: ${done[command.order]} by its owner ${row.peer}`);
  };

  return {
    ...needs.replication.control,
    status: () => async () => {
      await settled();
      const open = await models.count(projection, { open: 1 })();
      const held = await models.count(projection, { state: 'held' })();
      if (isLeft(open)) return left(asRefusal(open.left));
      if (isLeft(held)) return left(asRefusal(held.left));
      const links = needs.messages.links().map(({ node, up }) => ({ node, up }));
      return right({
        role,
        links,
        open: open.right,
        held: held.right,
        channels: await needs.replication.count(),
        ...needs.status(),
      });
    },
    list: (filter) => async () => {
      await settled();
      const where = {
        ...(filter.state === undefined ? {} : { state: filter.state }),
        ...(filter.open === true ? { open: 1 } : {}),
      };
      const { limit, offset } = filter;
      const order =
        filter.channel === undefined
          ? { where, orderBy: 'createdAt' }
          : { where: { ...where, channelAt: allOf(filter.channel) }, orderBy: 'channelAt' };
      const query = { ...order, descending: true, limit, offset: offset ?? 0 };
      const rows = await models.query(projection, query)();
      return isLeft(rows) ? left(asRefusal(rows.left)) : right(rows.right.map(publicRow));
    },
    show: (id) => async () => {
      const row = await find(id);
      if (isLeft(row)) return row;
      const events = await streams.events(row.right.id);
      return isLeft(events) ? left(asRefusal(events.left)) : right({ row: publicRow(row.right), events: events.right });
    },
    receipt: (id) => async () => {
      const row = await find(id);
      return isLeft(row) ? row : needs.receipt(publicRow(row.right));
    },
    order: (id, what, reason, login) => async () => {
      const found = await find(id);
      if (isLeft(found)) return found;
      const row = found.right;
      const by = { login };
      if (row.ended) return left(refusal('illegal', `it has already ended (${row.state})`));
      if (owner(row) !== role) return orderThere(row, { transfer: row.id, order: what, reason, by });
      const ordered = await orderHere(row.id, what, reason, by);
      return isLeft(ordered) ? ordered : right(`${row.id}: ${done[what]}, now ${ordered.right.state}`);
    },
    again: (id, login) => async () => {
      const found = await find(id);
      return isLeft(found) ? found : needs.runAgain(found.right.id, { login });
    },
    takeOrder: async (from, { transfer, order: what, reason, by }) => {
      const found = await find(transfer);
      if (isLeft(found)) return found;
      if (found.right.peer !== from.node) return left(refusal('notPermitted', `it is not shared with ${from.node}`));
      const login = `${by.login ?? 'somebody'} at ${from.node}`.slice(0, 128);
      const ordered = await orderHere(found.right.id, what, reason, { login });
      return isLeft(ordered) ? ordered : right(undefined);
    },
    ...needs.more,
    events: (signal) => eventLines(needs, signal),
  };
};

const done: Readonly<Record<Order, string>> = { release: 'released', retry: 'tried again', abandon: 'abandoned' };

const publicRow = (row: TransferRecord): TransferRow => {
  const { id, scenario, state, ended, channel, name, size, sha256, parent, reason, createdAt, updatedAt } = row;
  return { id, scenario, state, ended, channel, name, size, sha256, parent, reason, createdAt, updatedAt };
};
