/** The link to one peer: which connections it has, and whether it is up. */
import type { LinkState, Peer } from '../../domain/message.ts';
import { type Answering, type Asking, type Connection, narrow } from './connection.ts';
import type { Lane } from './hello.ts';

/** A link; a connection that takes the place of an older one ends it. */
export type Link = {
  readonly state: () => LinkState;
  /** The signed-in connection on which to ask, where there is one. */
  readonly asking: (lane: Lane) => Asking | undefined;
  readonly addAsking: (lane: Lane, connection: Asking) => void;
  readonly addAnswering: (lane: Lane, connection: Answering) => void;
};

/** A link that is up while each of `lanes` has a connection on which we ask, and the peer asks on its own. */
export const link = (peer: Peer, lanes: readonly Lane[], changed: (state: LinkState) => void): Link => {
  const asking = new Map<Lane, Asking>();
  const answering = new Map<Lane, Answering>();
  let up = false;
  const look = (): void => {
    const now = lanes.every((lane) => asking.has(lane)) && answering.has('events');
    if (now === up) return;
    up = now;
    changed({ ...peer, up });
  };
  const add = <C extends Connection>(places: Map<Lane, C>, lane: Lane, connection: C): void => {
    if (lane === 'through') narrow(connection);
    const older = places.get(lane);
    places.set(lane, connection);
    older?.destroy();
    void connection.closed.then(() => {
      if (places.get(lane) !== connection) return;
      places.delete(lane);
      look();
    });
    look();
  };
  return {
    state: () => ({ ...peer, up }),
    asking: (lane) => (up ? (asking.get(lane) ?? asking.get('events')) : undefined),
    addAsking: (lane, connection) => add(asking, lane, connection),
    addAnswering: (lane, connection) => add(answering, lane, connection),
  };
};
