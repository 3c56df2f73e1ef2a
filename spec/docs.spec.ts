import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { roles, travels } from '../actors/roles.ts';
import { protocols } from '../adapters/protocols.ts';
import { formats } from '../adapters/shared/picture/index.ts';
import { configSchema } from '../domain/config.ts';
import { scenarioPicture } from '../domain/picture/scenario-picture.ts';
import { scenarios } from '../domain/scenarios/index.ts';
import { configurationReference, type Schema } from './support/configuration-reference.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

const preface = `# Configuration

A server has one config file, YAML. It is decoded once, at the start; \`sallyport check --config FILE\` decodes it without
starting anything, and says every problem at once: file, line, path in it, what is wrong, what would be right. A setting
that is not listed here is an error. Relative paths count from the config file's own directory. Sizes are written
\`1 MiB\` (B, KiB, MiB, GiB, TiB) or as a number of bytes, durations \`10m\` (ms, s, m, h, d) or as milliseconds. Secrets
never stand in the file: write \`{ env: NAME }\` or \`{ file: path }\`.

The commented files that \`sallyport demo\` writes (\`var/inner.yaml\`, \`var/dmz.yaml\`) are good ones to start from.

This page is written by \`npm run docs\` from the schema that decodes the config.
`;

describe('the documentation', () => {
  it('says of the configuration what the schema says (npm run docs mends it)', async () => {
    const schema = z.toJSONSchema(configSchema(protocols), { io: 'input', unrepresentable: 'any' }) as Schema;
    await expect(configurationReference(schema, preface)).toMatchFileSnapshot('../docs/configuration.md');
  });

  it.each(Object.values(scenarios))('shows $id as its machine is (npm run docs mends it)', async (scenario) => {
    const picture = formats.svg(scenarioPicture(scenario, { roles, travels }));
    await expect(picture).toMatchFileSnapshot(`../docs/pictures/${scenario.id}.svg`);
    expect(readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8')).toContain(`](docs/pictures/${scenario.id}.svg)`);
  });

  const pages = [
    ...readdirSync(root).filter((name) => name.endsWith('.md')),
    ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md'))
      .map((name) => `docs/${name}`),
  ];
  it.each(pages)('has no dead link in %s', (page) => {
    const text = readFileSync(join(root, page), 'utf8');
    const links = [...text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map((match) => match[1] ?? '');
    expect(links.filter((link) => !existsSync(join(root, dirname(page), link)))).toEqual([]);
  });
});
