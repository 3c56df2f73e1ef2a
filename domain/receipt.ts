/** A signed receipt: what a server has recorded of a transfer, to be shown to somebody who cannot look into its log. */
import { left, right } from 'fp-ts/lib/Either.js';
import { z } from 'zod';
import { canonical } from './canonical.ts';
import { type Decision, refusal } from './failure.ts';

const text = (longest: number) => z.string().max(longest);
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.number().int().nonnegative();

/** A receipt. Times are milliseconds since 1970; an event that is not sealed yet has no segment. */
export const receipt = z.strictObject({
  format: z.literal('sallyport receipt 1'),
  node: text(63),
  role: z.enum(['inner', 'dmz']),
  at: count,
  transfer: z.strictObject({
    id: text(64),
    scenario: text(64),
    state: text(64),
    channel: text(64),
    name: text(255),
    size: count,
    sha256: text(64),
    createdAt: count,
    updatedAt: count,
  }),
  events: z
    .array(
      z.strictObject({
        id: text(64),
        type: text(64),
        origin: text(63),
        at: count,
        hash,
        segment: count.nullable(),
        ordinal: count.nullable(),
      }),
    )
    .max(10_000),
  /** The segments that seal them, by the hash of each. */
  segments: z.array(z.strictObject({ n: count, hash })).max(10_000),
  /** The signer's certificate (DER, base64), and its signature over `receiptText`. */
  certificate: text(16_384),
  signature: text(2_048),
});
export type Receipt = z.infer<typeof receipt>;

/** What is signed of a receipt: all of it. */
export const receiptText = (content: Omit<Receipt, 'signature'>): string =>
  `sallyport receipt\n${canonical({ ...content, signature: undefined })}`;

const timeWords = (at: number): string => new Date(at).toISOString();
/** A partner's name for its file shall not play tricks on a terminal. */
const quoted = (name: string): string =>
  JSON.stringify(name).replace(/[^ -~]/g, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`);

const lastLine = 'receipt: ';

/** The receipt as a person reads it; its last line is the receipt itself, so that it can be verified. `pack` is base64. */
export const receiptWords = (content: Receipt, pack: (text: string) => string): readonly string[] => {
  const { transfer, events, segments, node, role, at } = content;
  return [
    `Receipt of ${role} ${node}, ${timeWords(at)}`,
    '',
    `transfer  ${transfer.id} (${transfer.scenario}), ${transfer.state}`,
    `channel   ${transfer.channel}`,
    `name      ${quoted(transfer.name)}`,
    `size      ${transfer.size} bytes`,
    `sha256    ${transfer.sha256}`,
    `begun     ${timeWords(transfer.createdAt)}`,
    `last      ${timeWords(transfer.updatedAt)}`,
    '',
    ...events.map(
      (each) =>
        `${timeWords(each.at)}  ${each.origin}  ${each.type}  ${each.id}  ${each.hash}  ${each.segment === null ? 'not sealed yet' : `segment ${each.segment}, event ${each.ordinal}`}`,
    ),
    ...segments.map((each) => `segment ${each.n}  ${each.hash}`),
    '',
    `${lastLine}${pack(canonical(content))}`,
  ];
};

/** Reads a receipt from either of its forms. Refuses a text whose words are not those of the receipt in it. */
export const readReceipt = (
  written: string,
  pack: (text: string) => string,
  unpack: (packed: string) => string,
): Decision<Receipt> => {
  const lines = written.trim().split(/\r?\n/);
  const packed = lines.at(-1)?.startsWith(lastLine) === true ? lines.at(-1)?.slice(lastLine.length) : undefined;
  const parsed = receipt.safeParse(json(packed === undefined ? written : unpack(packed)));
  if (!parsed.success) return left(refusal('invalid', 'it is no receipt; `sallyport audit receipt` makes one'));
  const words = receiptWords(parsed.data, pack).join('\n').trim();
  return packed === undefined || words === lines.join('\n')
    ? right(parsed.data)
    : left(refusal('invalid', 'its words are not those of the receipt that stands in its last line'));
};

const json = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
