/** A node as its handlers of calls see it, and the gate that every call passes. */
import type { Metadata } from '@grpc/grpc-js';
import { Silence } from './answering.ts';
import { accessDenied, notLeader, notReady, unauthenticated } from './errors.ts';
import type { ArmedFaults } from './faults.ts';
import type { Store } from './store.ts';
import type { Endpoint } from './vocabulary.ts';
import type { Writer } from './writes.ts';

/** Who may sign in; only an administrator reads `$all` and system streams. */
export type Users = Readonly<Record<string, { readonly password: string; readonly admin?: boolean }>>;

/** A member of the cluster, as gossip tells it. */
export type Member = Endpoint & { readonly leader: boolean; readonly alive: boolean };

export type Node = {
  readonly store: () => Store;
  readonly writer: Writer;
  readonly faults: ArmedFaults;
  readonly members: () => readonly Member[];
  readonly users: Users | undefined;
  readonly batches: boolean;
  readonly now: () => number;
  /** Breaks all connections. */
  readonly cut: () => void;
};

/** What a call wants; `$all` counts as a stream. */
export type Wish = { readonly stream: string; readonly writes: boolean };

const userOf = (users: Users, metadata: Metadata): 'refused' | 'nobody' | { readonly admin: boolean } => {
  const [header] = metadata.get('authorization');
  if (header === undefined) return 'nobody';
  const [, encoded = ''] = /^Basic (.+)$/.exec(header.toString()) ?? [];
  const [name = '', ...rest] = Buffer.from(encoded, 'base64').toString().split(':');
  const user = Object.hasOwn(users, name) ? users[name] : undefined;
  return user?.password === rest.join(':') ? { admin: user.admin ?? false } : 'refused';
};

/** Who may do what; without users everybody may do everything. */
export const rightTo = ({ users, faults }: Node, metadata: Metadata, stream: string): 'yes' | 'denied' | 'refused' => {
  if (faults.now.refusing) return 'refused';
  const user = users === undefined ? { admin: true } : userOf(users, metadata);
  if (user === 'refused') return 'refused';
  const forAdmins = stream.startsWith('$') && !stream.startsWith('$$');
  return faults.now.denying || user === 'nobody' || (forAdmins && !user.admin) ? 'denied' : 'yes';
};

/** Lets a call in, or throws what it is answered: an error, or silence. */
export const admit = (node: Node, metadata: Metadata, { stream, writes }: Wish): void => {
  const { silent, notReady: starting, leader } = node.faults.now;
  const right = rightTo(node, metadata, stream);
  if (silent) throw new Silence();
  if (right === 'refused') throw unauthenticated();
  if (starting) throw notReady();
  const toLeader = writes || metadata.get('requires-leader').includes('true');
  if (toLeader && leader !== 'none') throw notLeader(leader === 'unknown' ? undefined : leader);
  if (right === 'denied') throw accessDenied();
};
