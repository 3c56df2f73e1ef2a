/** The configuration reference, written from the schema that decodes the config, so that it cannot say otherwise. */

/** What the reference reads of a JSON schema. */
export type Schema = {
  readonly type?: string;
  readonly const?: string | number | boolean;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly description?: string;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly 'x-kind'?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly prefixItems?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
};

/** The whole document. */
export const configurationReference = (schema: Schema, preface: string): string => {
  const sections = (schema.oneOf ?? []).flatMap((role) => [
    `## Role \`${name(role)}\``,
    '',
    ...table(role),
    '',
    ...variants(role, ''),
  ]);
  return `${[preface, ...sections].join('\n').trimEnd()}\n`;
};

const table = (schema: Schema): readonly string[] => [
  '| setting | value | default | meaning |',
  '|---|---|---|---|',
  ...rows(schema, '').map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`),
];

const rows = (schema: Schema, prefix: string): readonly (readonly string[])[] =>
  Object.entries(schema.properties ?? {}).flatMap(([key, each]) => {
    const path = `${prefix}${key}`;
    const needed = schema.required?.includes(key) === true;
    const row = [`\`${path}\``, kindOf(each), defaultOf(each, needed), each.description ?? ''];
    const inside = each.items ?? each;
    const below =
      inside.properties === undefined ? [] : rows(inside, `${path}${each.items === undefined ? '.' : '[].'}`);
    return [row, ...below];
  });

/** Settings that depend on a constant, such as a listener's on its protocol, in a table for each, however deep they stand. */
const variants = (schema: Schema, prefix: string): readonly string[] =>
  Object.entries(schema.properties ?? {}).flatMap(([key, { items, ...each }]) => [
    ...(items?.oneOf ?? each.oneOf ?? [])
      .filter(({ properties }) => properties !== undefined)
      .flatMap((one) => {
        const place = `${prefix}${key}${items === undefined ? '' : '[]'}`;
        return [`### \`${place}\` of \`${name(one)}\``, '', ...table(one), ''];
      }),
    ...variants(items ?? each, `${prefix}${key}${items === undefined ? '.' : '[].'}`),
  ]);

const name = (schema: Schema): string =>
  String(Object.values(schema.properties ?? {}).find((each) => each.const !== undefined)?.const ?? '');

const defaultOf = (schema: Schema, needed: boolean): string => {
  if (schema.const !== undefined) return 'needed';
  if (schema.default !== undefined) return `\`${JSON.stringify(schema.default)}\``;
  return needed ? 'needed' : 'optional';
};

const kindOf = (schema: Schema): string => {
  if (schema.const !== undefined) return `\`${schema.const}\``;
  if (schema.enum !== undefined) return schema.enum.map((each) => `\`${String(each)}\``).join(' or ');
  if (schema['x-kind'] !== undefined) return schema['x-kind'];
  if (schema.prefixItems !== undefined && schema.items === undefined)
    return `\`[${schema.prefixItems.map(kindOf).join(', ')}]\``;
  if (schema.type === 'array')
    return schema.items?.oneOf === undefined ? `list of ${plural(schema.items ?? {})}` : 'list';
  const options = schema.anyOf ?? schema.oneOf;
  if (options !== undefined) return [...new Set(options.map(kindOf))].join(' or ');
  if (schema.type === 'object')
    return Object.entries(schema.properties ?? {}).length === 1 ? inline(schema) : 'section';
  if (schema.type === 'integer') return rangeOf(schema);
  if (schema.type === 'boolean') return '`true` or `false`';
  return 'text';
};

const inline = (schema: Schema): string =>
  `\`{ ${Object.entries(schema.properties ?? {})
    .map(([key, each]) => `${key}: ${kindOf(each)}`)
    .join(', ')} }\``;

const rangeOf = ({ minimum, maximum }: Schema): string =>
  maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? 'number' : `${minimum ?? 0} to ${maximum}`;

const plural = (schema: Schema): string => {
  if (schema.type === 'integer') return 'numbers';
  const value = kindOf(schema);
  return value === 'text' ? 'texts' : value === 'path' ? 'paths' : 'sections';
};
