/** What a node tells of itself: its features, and the members of its cluster. */

import { randomUUID } from 'node:crypto';
import gossip from '@eventstore/db-client/generated/gossip_pb.js';
import features from '@eventstore/db-client/generated/serverfeatures_pb.js';
import type shared from '@eventstore/db-client/generated/shared_pb.js';
import { StreamsService } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { type handleUnaryCall, status } from '@grpc/grpc-js';
import { failure } from './errors.ts';
import { uuid } from './messages.ts';
import type { Node } from './node.ts';

/** The version that the wire server says it has; its rules are those of EventStoreDB 23.10. */
export const version = '23.10.0-wire';

/** Which methods there are, by lower-cased name. */
export const supportedMethods =
  (node: Node): handleUnaryCall<shared.Empty, features.SupportedMethods> =>
  (_, callback) => {
    const { features: how, silent } = node.faults.now;
    if (silent || how === 'silent') return;
    if (how === 'failing') {
      callback(failure(status.INTERNAL, 'The features cannot be told.'));
      return;
    }
    const methods = Object.values(StreamsService)
      .map(({ path }: { readonly path: string }) => path.toLowerCase().split('/'))
      .filter(([, , method]) => node.batches || method !== 'batchappend')
      .map(([, service = '', method = '']) =>
        new features.SupportedMethod().setServiceName(service).setMethodName(method),
      );
    callback(null, new features.SupportedMethods().setMethodsList(methods).setEventStoreServerVersion(version));
  };

/** Who is in the cluster, and who leads it. */
export const readGossip = (node: Node): handleUnaryCall<shared.Empty, gossip.ClusterInfo> => {
  const ids = new Map<string, string>();
  const idOf = (key: string): string => {
    const id = ids.get(key) ?? randomUUID();
    ids.set(key, id);
    return id;
  };
  return (_, callback) => {
    if (node.faults.now.silent) return;
    const members = node.members().map(({ host, port, leader, alive }) =>
      new gossip.MemberInfo()
        .setInstanceId(uuid(idOf(`${host}:${port}`)))
        .setTimeStamp((BigInt(node.now()) * 10_000n).toString())
        .setState(leader ? gossip.MemberInfo.VNodeState.LEADER : gossip.MemberInfo.VNodeState.FOLLOWER)
        .setIsAlive(alive)
        .setHttpEndPoint(new gossip.EndPoint().setAddress(host).setPort(port)),
    );
    callback(null, new gossip.ClusterInfo().setMembersList(members));
  };
};
