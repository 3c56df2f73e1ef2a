/** A node as its handlers of calls see it, and the gate that every call passes. */
import type { Metadata, ServiceError } from '@grpc/grpc-js';
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

/** Let in, not let in with this error, or never answered. */
export type Admission = 'in' | 'silence' | ServiceError;

const userOf = (users: Users, metadata: Metadata): 'refused' | 'nobody' | { readonly admin: boolean } => {
  const [header] = metadata.get('authorization');
  if (header === undefined) return 'nobody';
  const [, encoded = ''] = /^Basic (.+)$/.exec(header.toString()) ?? [];
  const [name = '', ...rest] = Buffer.from(encoded, 'base64').toString().split(':');
  const user = Object.hasOwn(users, name) ? users[name] : undefined;
  return user?.password === rest.join(':') ? { admin: user.admin ?? false } : 'refused';
};

/** Who may do what, where the node has users at all. */
export const mayDo = ({ users, faults }: Node, metadata: Metadata, { stream }: Wish): 'yes' | 'denied' | 'refused' => {
  if (faults.now.refusing) return 'refused';
  if (faults.now.denying) return 'denied';
  if (users === undefined) return 'yes';
  const user = userOf(users, metadata);
  if (user === 'refused') return 'refused';
  return user === 'nobody' || (stream.startsWith('$') && !stream.startsWith('$$') && !user.admin) ? 'denied' : 'yes';
};

/** The state of the node, which comes before any right. */
export const standingOf = ({ faults: { now } }: Node, metadata: Metadata, writes: boolean): Admission => {
  if (now.silent) return 'silence';
  if (now.notReady) return notReady();
  const leaderWanted = writes || metadata.get('requires-leader').includes('true');
  return leaderWanted && now.leader !== 'none' ? notLeader(now.leader === 'unknown' ? undefined : now.leader) : 'in';
};

/** The gate that every call passes, but the appends of a batch. */
export const admit = (node: Node, metadata: Metadata, wish: Wish): Admission => {
  const right = mayDo(node, metadata, wish);
  if (node.faults.now.silent) return 'silence';
  if (right === 'refused') return unauthenticated();
  const standing = standingOf(node, metadata, wish.writes);
  return standing === 'in' && right === 'denied' ? accessDenied() : standing;
};
