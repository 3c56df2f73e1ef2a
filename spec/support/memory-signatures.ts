/** Signatures that cost nothing: a node's certificate is its name, and whoever says its name has its key. */
import { derivedId } from '../../adapters/shared/ids.ts';
import { canonical } from '../../domain/canonical.ts';
import type { ReplicatedChannel } from '../../domain/channel.ts';
import type { Signatures } from '../../domain/ports.ts';
import { type ChannelUpdate, digestText, provenText, signedText } from '../../domain/replication.ts';

/** The certificate of a node. */
export const certificateOf = (node: string): Uint8Array => new TextEncoder().encode(node);

/** The signatures of a node. */
export const memorySignatures = (node: string): Signatures => {
  const signed = (by: string, text: string): string => `${by} ${derivedId(by, text)}`;
  return {
    sign: (text) => signed(node, text),
    verify: (text, signature, certificate) =>
      signature === signed(certificate === undefined ? node : new TextDecoder().decode(certificate), text),
    certificate: Buffer.from(node).toString('base64'),
    signedBy: (its, text, signature, certificate) =>
      certificate === Buffer.from(its).toString('base64') && signature === signed(its, text),
  };
};

/** What is other than usual with an update. `all`: the channels that there are then, where not all of them are told. */
export type Other = Partial<Pick<ChannelUpdate, 'node' | 'epoch' | 'counter' | 'base' | 'removed'>> & {
  readonly all?: readonly ReplicatedChannel[];
  readonly by?: string;
  readonly parts?: number;
};

/** An update of inner-1, signed by it unless another does; whole, unless it has a base. */
export const updateOf = (channels: readonly ReplicatedChannel[], other: Other = {}): readonly ChannelUpdate[] => {
  const { all = channels, by = 'inner-1', parts = 1, ...own } = other;
  const digests = new Map(all.map((each) => [each.name, derivedId(canonical(each))]));
  const version = { node: 'inner-1', epoch: 'one', counter: 1, ...own, digest: derivedId(digestText(digests)) };
  const { node, epoch, counter, digest } = version;
  const { sign } = memorySignatures(by);
  const proof = sign(provenText({ node, epoch, counter, digest }));
  const size = Math.ceil(channels.length / parts);
  return Array.from({ length: parts }, (_, part) => {
    const lot = channels.slice(part * size, (part + 1) * size);
    const content = { base: null, removed: [], ...version, proof, part, parts, channels: [...lot] };
    return { ...content, signature: sign(signedText(content)) };
  });
};
