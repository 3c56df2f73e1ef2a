/** A server's config file: read, decoded, its paths made absolute, its secrets found. Every problem at once, each with its line. */
import { dirname, resolve } from 'node:path';
import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js';
import { type Config, decodeConfig, type Problem } from '../../domain/config.ts';
import type { Protocol } from '../../domain/protocol.ts';
import type { LoadedConfig } from '../shared/loaded-config.ts';
import { readText } from '../shared/read-file.ts';
import { absolutePaths } from './paths.ts';
import { readCredentials, readEventLog, readSecrets, readTls } from './secrets.ts';
import { parseYaml } from './yaml.ts';

const longestFile = 64 * 1024 * 1024;

/** Loads a config with all that it names. Refuses a file of more than 64 MiB, and any whose secrets or keys cannot be had. */
export const loadConfig = async (
  file: string,
  protocols: readonly Protocol[],
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Either<readonly Problem[], LoadedConfig>> => {
  const read = await readConfig(file, protocols);
  if (isLeft(read)) return read;
  const { config, lineOf } = read.right;
  const { secrets, problems: ofSecrets } = await readSecrets(config, environment);
  const { credentials, problems: ofPartners } = await readCredentials(config, environment);
  const { tls, problems: ofTls } = await readTls(config);
  const { eventLog, problems: ofLog } = await readEventLog(config, dirname(resolve(file)), environment);
  const problems = [...ofTls, ...ofSecrets, ...ofPartners, ...ofLog].map((each) => ({
    ...each,
    line: lineOf(each.path),
  }));
  return problems.length > 0
    ? left(problems)
    : right({ file: resolve(file), config, secrets, credentials, eventLog, tls });
};

/** The data directory that a config names; needs neither its secrets nor its keys. */
export const dataOf = async (
  file: string,
  protocols: readonly Protocol[],
): Promise<Either<readonly Problem[], string>> => {
  const read = await readConfig(file, protocols);
  return isLeft(read) ? read : right(read.right.config.data);
};

/** A config decoded, its paths absolute; needs neither its secrets nor its keys. */
export const decodeFile = async (
  file: string,
  protocols: readonly Protocol[],
): Promise<Either<readonly Problem[], Config>> => {
  const read = await readConfig(file, protocols);
  return isLeft(read) ? read : right(read.right.config);
};

const readConfig = async (
  file: string,
  protocols: readonly Protocol[],
): Promise<
  Either<readonly Problem[], { readonly config: Config; readonly lineOf: (path: string) => number | undefined }>
> => {
  const text = await readText(file, longestFile).catch((error: unknown) => error);
  if (typeof text !== 'string')
    return left([{ path: '(the whole file)', problem: text instanceof Error ? text.message : String(text) }]);
  const parsed = parseYaml(text);
  if (isLeft(parsed)) return parsed;
  const { value, lineOf } = parsed.right;
  const decoded = decodeConfig(value, protocols);
  if (isLeft(decoded)) return left(decoded.left.map((each) => ({ ...each, line: lineOf(each.path) })));
  return right({ config: absolutePaths(decoded.right, protocols, dirname(resolve(file))), lineOf });
};
