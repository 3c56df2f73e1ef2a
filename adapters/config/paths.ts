import { resolve } from 'node:path';
import { z } from 'zod';
import type { Config } from '../../domain/config.ts';
import { configSchema } from '../../domain/config.ts';
import type { Protocol } from '../../domain/protocol.ts';

/** The part of a JSON schema that says where values are. */
type Shape = {
  readonly 'x-kind'?: string;
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly items?: Shape;
  readonly anyOf?: readonly Shape[];
  readonly oneOf?: readonly Shape[];
};

/** The config with each setting that is marked as a path made absolute, counted from `directory`; protocols' own settings too. */
export const absolutePaths = (config: Config, protocols: readonly Protocol[], directory: string): Config => {
  const shape = z.toJSONSchema(configSchema(protocols), { io: 'input', unrepresentable: 'any' }) as Shape;
  return walk(shape, config, directory) as Config;
};

const walk = (shape: Shape, value: unknown, directory: string): unknown => {
  const options = shape.oneOf ?? shape.anyOf;
  if (options !== undefined) return walk(options.find((each) => fits(each, value)) ?? {}, value, directory);
  if (typeof value === 'string') return shape['x-kind'] === 'path' ? resolve(directory, value) : value;
  if (Array.isArray(value)) return value.map((each) => walk(shape.items ?? {}, each, directory));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, walk(shape.properties?.[key] ?? {}, each, directory)]),
  );
};

/** Is it this option of a union? The value is decoded already, so its keys and its constants tell. */
const fits = (shape: Shape, value: unknown): boolean => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return shape.properties === undefined;
  const { properties } = shape;
  return (
    properties !== undefined &&
    Object.entries(value).every(([key, each]) => {
      const property = properties[key];
      return property !== undefined && (property.const === undefined || property.const === each);
    })
  );
};
