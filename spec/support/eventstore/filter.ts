/** The filter of a subscription to all streams: by the beginning of a name, or by an expression. */
import type streams from '@eventstore/db-client/generated/streams_pb.js';
import type { Recorded } from './vocabulary.ts';

/** Whether an event passes, and after how many considered events a checkpoint is due. */
export type Filter = { readonly passes: (event: Recorded) => boolean; readonly checkpointEvery: number };

const defaultWindow = 32;

/** The filter that was asked for, or undefined; the expression is read as JavaScript's. */
export const filterOf = (asked: streams.ReadReq.Options.FilterOptions | undefined): Filter | undefined => {
  if (asked === undefined) return undefined;
  const byStream = asked.hasStreamIdentifier();
  const expression = byStream ? asked.getStreamIdentifier() : asked.getEventType();
  const prefixes = expression?.getPrefixList() ?? [];
  const pattern = new RegExp(expression?.getRegex() ?? '', 'u');
  const window = asked.hasMax() ? asked.getMax() : defaultWindow;
  return {
    passes: ({ stream, type }) => {
      const text = byStream ? stream : type;
      return prefixes.length > 0 ? prefixes.some((prefix) => text.startsWith(prefix)) : pattern.test(text);
    },
    checkpointEvery: window * Math.max(1, asked.getCheckpointintervalmultiplier()),
  };
};
