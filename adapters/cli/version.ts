import { readFileSync } from 'node:fs';

/** The version in the package.json above this file, be it run from sources or compiled. */
export const version = (): string => {
  for (let at = new URL('./', import.meta.url); at.pathname !== '/'; at = new URL('../', at)) {
    try {
      const text = readFileSync(new URL('package.json', at), 'utf8');
      return String((JSON.parse(text) as { readonly version?: unknown }).version);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    }
  }
  return 'unknown';
};
