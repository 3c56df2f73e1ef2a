/** What a node tells of itself: its features, and the members of its cluster. */

import gossip from '@eventstore/db-client/generated/gossip_pb.js';
import features from '@eventstore/db-client/generated/serverfeatures_pb.js';
import { StreamsService } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { status } from '@grpc/grpc-js';
import { answering, Silence } from './answering.ts';
import { failure } from './errors.ts';
import { uuid } from './messages.ts';
import type { Node } from './node.ts';

/** The version that the wire server says it has; its rules are those of EventStoreDB 23.10. */
export const version = '23.10.0-wire';

/** Which methods there are, by lower-cased name. */
export const supportedMethods = (node: Node) =>
  answering<unknown, features.SupportedMethods>(() => {
    const { features: how, silent } = node.faults.now;
    if (silent || how === 'silent') throw new Silence();
    if (how === 'failing') throw failure(status.INTERNAL, 'The features cannot be told.');
    const methods = Object.values(StreamsService)
      .map(({ path }: { readonly path: string }) => path.toLowerCase().split('/'))
      .filter(([, , method]) => node.batches || method !== 'batchappend')
      .map(([, service = '', method = '']) =>
        new features.SupportedMethod().setServiceName(service).setMethodName(method),
      );
    return new features.SupportedMethods().setMethodsList(methods).setEventStoreServerVersion(version);
  });

/** Who is in the cluster, and who leads it. */
export const readGossip = (node: Node) =>
  answering<unknown, gossip.ClusterInfo>(() => {
    if (node.faults.now.silent) throw new Silence();
    const members = node.members().map(({ host, port, leader, alive }) =>
      new gossip.MemberInfo()
        .setInstanceId(uuid(`00000000-0000-4000-8000-${port.toString().padStart(12, '0')}`))
        .setTimeStamp((BigInt(node.now()) * 10_000n).toString())
        .setState(leader ? gossip.MemberInfo.VNodeState.LEADER : gossip.MemberInfo.VNodeState.FOLLOWER)
        .setIsAlive(alive)
        .setHttpEndPoint(new gossip.EndPoint().setAddress(host).setPort(port)),
    );
    return new gossip.ClusterInfo().setMembersList(members);
  });
