/** Subscriptions: what was, the mark "caught up", then what comes. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { streamDeleted, tooSlow } from './errors.ts';
import { filterOf } from './filter.ts';
import { readEvent, streamOf } from './messages.ts';
import type { Node } from './node.ts';
import type { Outflow } from './outflow.ts';
import { standing, visiblePage } from './retention.ts';
import { greatest, type Recorded } from './vocabulary.ts';

type Options = streams.ReadReq.Options;

/** A page of what follows; `more` says that the next can be had at once. */
type Page = { readonly events: readonly Recorded[]; readonly more: boolean };
/** Answers the next page each time that it is asked. */
type Source = () => Page;

const pageSize = 200;

const streamSource = (node: Node, options: Options): Source => {
  const asked = options.getStream();
  const stream = streamOf(asked?.getStreamIdentifier());
  let next = asked?.hasStart() ? 0n : BigInt(asked?.getRevision() ?? 0) + 1n;
  if (asked?.hasEnd()) next = node.store().last(stream) + 1n;
  return () => {
    if (standing(node.store(), stream) === 'tombstoned') throw streamDeleted(stream);
    const page = visiblePage(node.store(), stream, next, 'forwards', pageSize, node.now());
    const last = page.events.at(-1);
    next = page.next ?? (last === undefined ? next : last.revision + 1n);
    return { events: page.events, more: page.next !== undefined };
  };
};

const allSource = (node: Node, options: Options): Source => {
  const asked = options.getAll();
  let next = asked?.hasStart() ? 0n : BigInt(asked?.getPosition()?.getCommitPosition() ?? 0) + 1n;
  if (asked?.hasEnd()) next = (node.store().pageAll(greatest, 'backwards', 1)[0]?.position ?? -1n) + 1n;
  return () => {
    const events = node.store().pageAll(next, 'forwards', pageSize);
    next = (events.at(-1)?.position ?? next - 1n) + 1n;
    return { events, more: events.length === pageSize };
  };
};

const checkpoint = ({ position }: Recorded): streams.ReadResp => {
  const [commit, prepare] = [position.toString(), position.toString()];
  const mark = new streams.ReadResp.Checkpoint().setCommitPosition(commit).setPreparePosition(prepare);
  return new streams.ReadResp().setCheckpoint(mark);
};

/** Feeds a subscription until the client goes. */
export const subscribe = async (node: Node, options: Options, out: Outflow<streams.ReadResp>): Promise<void> => {
  const source = options.hasAll() ? allSource(node, options) : streamSource(node, options);
  const filter = filterOf(options.getFilter());
  const { now } = node.faults;
  const id = new streams.ReadResp.SubscriptionConfirmation().setSubscriptionId(randomUUID());
  await out.send(new streams.ReadResp().setConfirmation(id));
  let [live, considered] = [false, 0];
  while (!out.gone.aborted) {
    const commits = node.writer.commits();
    const page = source();
    for (const event of page.events) {
      if (live && now.dropSlow) throw tooSlow();
      if (now.pushEvery > 0) await pause(now.pushEvery, undefined, { signal: out.gone });
      considered += 1;
      if (filter === undefined || filter.passes(event)) await out.send(readEvent(event));
      if (filter !== undefined && considered % filter.checkpointEvery === 0) await out.send(checkpoint(event));
    }
    if (page.more) continue;
    if (!live) await out.send(new streams.ReadResp().setCaughtUp(new streams.ReadResp.CaughtUp()));
    live = true;
    await node.writer.after(commits, out.gone);
  }
};
