/**
 * Golden files: what was recorded in every version of every event, kept for ever in `spec/golden/`, and what those read as
 * now; beside them each version's schema, so that no event changes without a new version.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { asPresent, type Upcasters, versionOf } from '../../domain/evolution.ts';
import type { JsonObject } from '../../domain/ports.ts';
import { examplesOf } from './examples.ts';
import type { Schemas } from './vocabularies.ts';

/** One recorded data, and what it reads as now; absent where that is the same. */
export type Example = { readonly recorded: JsonObject; readonly reads?: unknown };

/** What there is of the past. `travelling` are the versions that the peers of one version of the protocol tell each other. */
export type Golden = {
  /** By event type, by version: the schema as JSON Schema. */
  readonly schemas: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** By event type, by version. */
  readonly examples: Readonly<Record<string, Readonly<Record<string, readonly Example[]>>>>;
  readonly travelling: { readonly protocolVersion: number; readonly versions: Readonly<Record<string, number>> };
};

/** What there is now. */
export type Present = {
  readonly schemas: Schemas;
  readonly upcasters: Upcasters;
  readonly travelling: readonly string[];
  readonly protocolVersion: number;
};

/** A schema in a form that can be compared: JSON Schema, and how many checks of ours it cannot say. */
export const formOf = (schema: z.ZodType): unknown => {
  const shape = z.toJSONSchema(schema, {
    ...{ io: 'input', unrepresentable: 'any' },
    override: ({ zodSchema, jsonSchema }) => {
      const own = (zodSchema._zod.def.checks ?? []).filter((each) => each._zod.def.check === 'custom').length;
      if (own > 0) jsonSchema.checks = own;
    },
  });
  return JSON.parse(JSON.stringify({ ...shape, $schema: undefined })) as unknown;
};

/** What an old event's data reads as now; throws where it cannot be read. */
export const readsAs = ({ schemas, upcasters }: Present, type: string, version: number, data: JsonObject): unknown => {
  const metadata = version === 1 ? {} : { version };
  const logged = { id: '', type, data, metadata, stream: 'golden', revision: 0n, position: '' };
  return schemas[type]?.parse(asPresent(logged, upcasters).data);
};

const command = 'npm run golden';

/** What is wrong with the present by the past, each in one sentence that says how to mend it. */
export const complaints = (present: Present, golden: Golden): readonly string[] => [
  ...Object.entries(present.schemas).flatMap(([type, schema]) => changed(present, golden, type, schema)),
  ...Object.entries(golden.examples).flatMap(([type, versions]) =>
    present.schemas[type] === undefined
      ? [`${type} is gone, and logs hold it: put it back`]
      : Object.entries(versions).flatMap(([version, examples]) =>
          examples.flatMap((example, i) => misread(present, type, Number(version), example, i)),
        ),
  ),
  ...untold(present, golden),
];

const changed = (present: Present, golden: Golden, type: string, schema: z.ZodType): readonly string[] => {
  const version = versionOf(type, present.upcasters);
  for (let each = 1; each <= version; each += 1)
    if (golden.schemas[type]?.[each] === undefined || golden.examples[type]?.[each] === undefined)
      return [`there is no golden file of ${type} in version ${each}: run \`${command}\` before you change it again`];
  return isDeepStrictEqual(golden.schemas[type]?.[version], formOf(schema))
    ? []
    : [
        `${type} changed, and is still of version ${version}: raise it to ${version + 1} by an upcaster in domain/evolution.ts, then run \`${command}\``,
      ];
};

const misread = (
  present: Present,
  type: string,
  version: number,
  { recorded, reads = recorded }: Example,
  index: number,
): readonly string[] => {
  const what = `example ${index} of ${type}.v${version}.json`;
  try {
    const now = readsAs(present, type, version, recorded);
    return isDeepStrictEqual(now, reads) ? [] : [`${what} reads otherwise than it did: ${JSON.stringify(now)}`];
  } catch (error) {
    return [`${what} cannot be read any more: ${error instanceof Error ? error.message : String(error)}`];
  }
};

const untold = ({ upcasters, travelling, protocolVersion }: Present, { travelling: before }: Golden) =>
  travelling.flatMap((type) => {
    const version = versionOf(type, upcasters);
    if ((before.versions[type] ?? 1) === version || protocolVersion > before.protocolVersion) return [];
    return [
      `${type} is of version ${version} now, and servers tell it each other: raise protocolVersion in adapters/messages/hello.ts`,
    ];
  });

const folder = fileURLToPath(new URL('../golden/', import.meta.url));
const read = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), 'utf8'));
const write = (name: string, value: unknown): void =>
  writeFileSync(join(folder, name), `${JSON.stringify(value, undefined, 2)}\n`);
const indexFile = 'schemas.json';

/** What is in `spec/golden/`. */
export const readGolden = (): Golden => {
  const index = existsSync(join(folder, indexFile)) ? read(indexFile) : undefined;
  const { schemas, travelling } = (index ?? {
    ...{ schemas: {}, travelling: { protocolVersion: 0, versions: {} } },
  }) as Omit<Golden, 'examples'>;
  const examples: Record<string, Record<string, readonly Example[]>> = {};
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const [, type, version] = /^(\w+)\.v(\d+)\.json$/.exec(name) ?? [];
    if (type === undefined || version === undefined) continue;
    examples[type] = { ...examples[type], [version]: read(name) as readonly Example[] };
  }
  return { schemas, examples, travelling };
};

/**
 * Adds what is missing of the present versions, and writes what older ones read as now; nothing that was recorded is
 * changed. With `anew` the present versions are written anew: for as long as no release has recorded them.
 */
export const writeGolden = (present: Present, anew: boolean): void => {
  const { schemas: before, examples } = readGolden();
  mkdirSync(folder, { recursive: true });
  const schemas: Record<string, Record<string, unknown>> = {};
  const types = Object.keys(present.schemas).sort();
  for (const type of types) {
    const schema = present.schemas[type] as z.ZodType;
    const version = versionOf(type, present.upcasters);
    schemas[type] = anew
      ? { ...before[type], [version]: formOf(schema) }
      : { [version]: formOf(schema), ...before[type] };
    const known = { ...examples[type] };
    if (anew || known[version] === undefined)
      known[version] = examplesOf(type, schema).map((recorded) => ({ recorded: recorded as JsonObject }));
    for (const [each, list] of Object.entries(known)) write(`${type}.v${each}.json`, list.map(reading(type, each)));
  }
  const versions = Object.fromEntries(present.travelling.map((type) => [type, versionOf(type, present.upcasters)]));
  write(indexFile, { travelling: { protocolVersion: present.protocolVersion, versions }, schemas });

  function reading(type: string, version: string): (example: Example) => Example {
    return ({ recorded }) => {
      const reads = readsAs(present, type, Number(version), recorded);
      return isDeepStrictEqual(reads, recorded) ? { recorded } : { recorded, reads };
    };
  }
};
