/** Examples of what a schema takes: every arm of a union, every optional part once there and once not. */
import { z } from 'zod';

/** A schema as JSON Schema says it, so far as events need it. */
type Shape = {
  readonly type?: string;
  readonly const?: unknown;
  readonly pattern?: string;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  readonly items?: Shape;
  readonly minItems?: number;
  readonly anyOf?: readonly Shape[];
  readonly oneOf?: readonly Shape[];
};

const id = '01jh8t5zq4v6w8x9yabcdefghj';
const hash = 'c0'.repeat(32);

/** What a field of this name holds in real life; another is given one of ours, or 7. */
const real: Readonly<Record<string, unknown>> = {
  ...{ channel: 'acme', protocol: 'sftp', path: '/orders/invoice 7.xml', directory: '/orders', name: 'invoice 7.xml' },
  ...{ key: `dmz-1.${id}`, sha256: hash, size: 4_711, transfer: id, responses: id, modified: 1_767_225_600_000 },
  ...{ login: 'acme', address: '192.0.2.7', fingerprint: 'SHA256:3Yf0bE3Pq5rNnPzT3wJ0r8m5m0H6wqfUuT4n2cVb1dA' },
  ...{ until: 1_767_830_400_000, keepFor: 604_800_000, slot: 1_767_225_600_000, node: 'inner-1', dmz: 'dmz-1' },
  ...{ temporary: `.${id}.0`, final: 'invoice 7.xml', inode: '524301', ctime: '1767225600000000000' },
  ...{ domain: 'acme.example', selector: 's2026' },
  ...{ code: 'noLink', text: 'there is no link to inner-1', reason: 'the partner called', step: 'fetch' },
  ...{ profile: 'orders', agent: 'orders', run: 1, index: 0, moveTo: '/done', epoch: id, before: id, salt: id },
  ...{ digest: hash, proof: 'bm90IGEgcmVhbCBzaWduYXR1cmU=', by: 'operator', found: 3, left: 1, keys: '7::/a.xml' },
  ...{ verifier: '$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaGhhc2g', publicKeys: 'ssh-ed25519 AAAAC3Nz' },
  ...{ revision: '7', hash, root: hash, previous: hash, marks: hash.slice(0, 12), certificate: 'bm90IGEgcmVhbCBvbmU=' },
  ...{ report: id, status: '5.1.1', said: '550 5.1.1 there is nobody of that name', action: 'failed' },
  ...{ clientCertificates: `sha256:${hash}`, temporaryNames: '*.tmp', markerSuffix: '.ok', removed: 'acme' },
};

/** Examples of a schema, all of which it takes; throws where it does not. */
export const examplesOf = (type: string, schema: z.ZodType): readonly unknown[] => {
  const examples = all(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Shape, type);
  for (const example of examples) {
    const taken = schema.safeParse(example);
    if (!taken.success)
      throw new Error(
        `${type} does not take ${JSON.stringify(example)}: ${z.prettifyError(taken.error)}; give the field a real value in spec/support/examples.ts`,
      );
  }
  return examples;
};

const all = (shape: Shape, field: string): readonly unknown[] => {
  if (shape.const !== undefined) return [shape.const];
  if (shape.enum !== undefined) return shape.enum;
  const arms = shape.anyOf ?? shape.oneOf;
  if (arms !== undefined) return arms.flatMap((arm) => all(arm, field));
  switch (shape.type) {
    case 'object':
      return objects(shape);
    case 'array':
      return shape.minItems ? [all(shape.items ?? {}, field)] : [all(shape.items ?? {}, field), []];
    case 'boolean':
      return [true, false];
    case 'null':
      return [null];
    case 'string':
      return [
        [real[field], field === 'name' ? 'acme' : id].find((value) => typeof value === 'string' && fits(shape, value)),
      ];
    default:
      return [typeof real[field] === 'number' ? real[field] : 7];
  }
};

const fits = ({ pattern }: Shape, value: string): boolean => pattern === undefined || new RegExp(pattern).test(value);

/** First one with everything, then one for each other form of a part, last one with what is required only. */
const objects = ({ properties = {}, required = [] }: Shape): readonly unknown[] => {
  const forms = Object.entries(properties).map(([name, shape]) => [name, all(shape, name)] as const);
  const full = Object.fromEntries(forms.map(([name, [first]]) => [name, first]));
  const others = forms.flatMap(([name, [, ...rest]]) => rest.map((form) => ({ ...full, [name]: form })));
  const least = Object.fromEntries(Object.entries(full).filter(([name]) => required.includes(name)));
  return Object.keys(least).length === forms.length ? [full, ...others] : [full, ...others, least];
};
