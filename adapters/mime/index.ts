/** Mails taken apart, as they are read. The library finds the parts and reads their headers; the bounds are ours. */
import { pipeline, Readable } from 'node:stream';
import type { SplitterChunk } from '@zone-eu/mailsplit';
import { failureIn } from '../../domain/failure.ts';
import { type PartFacts, partName } from '../../domain/mail-part.ts';
import type { MailPart, Mails } from '../../domain/ports.ts';
import { mostParts } from '../../domain/transfer/vocabulary.ts';
import { badMail, decoded } from './decode.ts';

/** Of the mail, and of each of its parts; dmz takes no more. */
const longestHeader = 512 * 1024;
const deepest = 30;

/** The parts of mails. */
export const mailParts = (): Mails => ({ parts });

async function* parts(mail: AsyncIterable<Uint8Array>): AsyncGenerator<MailPart, void, undefined> {
  const { Splitter } = await import('@zone-eu/mailsplit');
  const splitter = new Splitter({ ignoreEmbedded: true, maxHeadSize: longestHeader, maxChildNodes: mostParts });
  const source = Readable.from(mail, { objectMode: false });
  pipeline(source, splitter, () => undefined);
  const chunks = (splitter as AsyncIterable<SplitterChunk>)[Symbol.asyncIterator]() as AsyncIterator<
    SplitterChunk,
    undefined
  >;
  try {
    yield* walk({
      next: async () => {
        return (await chunks.next()).value;
      },
    });
  } catch (error) {
    throw failureIn(error) === undefined ? explained(error) : error;
  } finally {
    source.destroy();
    splitter.destroy();
  }
}

/** What the library says of its bounds, in our words; anything else is what the mail's reading threw. */
const explained = (error: unknown): unknown => {
  if (!(error instanceof Error && 'code' in error && error.code === 'EMAXLEN')) return error;
  return error.message.includes('child')
    ? badMail(`it has more than ${mostParts} parts`)
    : badMail(`the header of one of its parts is longer than ${longestHeader} bytes`);
};

type Node = Extract<SplitterChunk, { readonly type: 'node' }>;
type Chunks = { readonly next: () => Promise<SplitterChunk | undefined> };

async function* walk({ next }: Chunks): AsyncGenerator<MailPart, void, undefined> {
  let root: Node | undefined;
  let ended = false;
  let number = 0;
  let leaf: Node | undefined;
  const children = new WeakMap<Node, number>();
  let chunk = await next();
  while (chunk !== undefined) {
    // Whose it is, the library does not always say: it puts together what is no content.
    if (chunk.type === 'data' && root !== undefined) ended ||= holdsEnd(chunk.value, root);
    if (chunk.type !== 'node') {
      if (leaf !== undefined && isCut(chunk, leaf)) throw badMail('one of its parts has parts, and must have none');
      chunk = await next();
      continue;
    }
    const node = chunk;
    root ??= node;
    look(node);
    const above = node.parentNode === false ? undefined : node.parentNode;
    const before = above === undefined ? 0 : (children.get(above) ?? 0);
    if (above !== undefined) children.set(above, before + 1);
    chunk = await next();
    leaf = node.multipart === false ? node : undefined;
    if (leaf === undefined) continue;
    number += 1;
    const body = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
      while (chunk?.type === 'body' && chunk.node === node) {
        yield chunk.value;
        chunk = await next();
      }
    };
    const facts = factsOf(node, number, before === 0);
    yield { ...facts, content: decoded(body(), node.encoding || '', wordsFor(facts)) };
  }
  if (root !== undefined && root.multipart !== false && !ended)
    throw badMail('the end of its parts is missing, so it may have been cut off');
}

/** Refuses what no reader could bear, or make sense of. */
const look = (node: Node): void => {
  if (node.multipart !== false && node._boundary === false) throw badMail('it is said to have parts, and not where');
  if (node.parentNode !== false && node.parentNode.multipart === false)
    throw badMail('one of its parts has parts, and must have none');
  let depth = 0;
  for (let above = node.parentNode; above !== false; above = above.parentNode) depth += 1;
  if (depth > deepest) throw badMail(`its parts are in each other more than ${deepest} deep`);
};

/** The library heeds a boundary that a part names which has no parts: what is behind it would be missing. */
const isCut = (chunk: Exclude<SplitterChunk, Node>, leaf: Node): boolean =>
  chunk.type === 'body' ? chunk.node !== leaf : chunk.node === leaf || chunk.node.parentNode === leaf;

/** Is the line that ends the parts of the outermost multipart among these bytes? What is no line of its own is no such. */
const holdsEnd = (bytes: Buffer | undefined, root: Node): boolean => {
  const line = root._boundary === false ? '' : `--${root._boundary.toString()}--`;
  if (bytes === undefined || line === '') return false;
  for (let at = bytes.indexOf(line); at >= 0; at = bytes.indexOf(line, at + 1))
    if (at === 0 || bytes[at - 1] === 10) return true;
  return false;
};

const factsOf = (node: Node, number: number, first: boolean): PartFacts => ({
  ...{ number, first },
  type: node.contentType || 'text/plain',
  disposition: node.disposition || '',
  fileName: node.filename || '',
  within: (node.parentNode !== false && node.parentNode.multipart) || '',
});

const wordsFor = (facts: PartFacts): string => `part ${facts.number} (${partName(facts)})`;
