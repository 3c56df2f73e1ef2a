/** COMPOSITION of the reload: the config file as it is now, as far as a running server can go on with it. */
import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js';
import type { ChannelSettings } from '../actors/inner-settings.ts';
import { canonical } from '../domain/canonical.ts';
import type { Config, Problem } from '../domain/config.ts';
import { checkPlaces } from './check.ts';
import { loadConfig } from './config/load.ts';
import { accessIn } from './partners.ts';
import { protocols } from './protocols.ts';
import type { LoadedConfig } from './shared/loaded-config.ts';

/** Reads the config of a running inner again; refuses what is wrong with it, and any change but that of channels, profiles and routes. */
export const readAgain = (running: LoadedConfig) => async (): Promise<Either<string, ChannelSettings>> => {
  const loaded = await loadConfig(running.file, protocols);
  if (isLeft(loaded)) return left(wordsOf(running.file, loaded.left));
  const { config, secrets, credentials } = loaded.right;
  const others = otherSettings(running.config, config);
  if (others.length > 0 || config.role !== 'inner')
    return left(
      `only channels, profiles and routes can change while the server runs; restart it for ${others.join(', ')}`,
    );
  const problems = await checkPlaces(loaded.right);
  if (problems.length > 0) return left(wordsOf(running.file, problems));
  const { channels, profiles, routes } = config;
  return right({ channels, profiles, routes, passwords: secrets, accessOf: accessIn(config, credentials) });
};

const wordsOf = (file: string, problems: readonly Problem[]): string =>
  problems
    .map(({ path, problem, line }) => `${file}${line === undefined ? '' : `:${line}`}: ${path}: ${problem}`)
    .join('; ')
    .slice(0, 1500);

const replaceable: readonly string[] = ['channels', 'profiles', 'routes'];

const otherSettings = (before: Config, after: Config): readonly string[] => {
  const [one, other] = [before, after] as unknown as readonly Readonly<Record<string, unknown>>[];
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (key) => !replaceable.includes(key) && canonical(one?.[key] ?? null) !== canonical(other?.[key] ?? null),
  );
};
