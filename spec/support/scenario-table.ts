/** docs/scenarios.md: what was seen to work, with which program; written by the run itself. */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** One line of the table. */
export type Seen = {
  readonly scenario: string;
  readonly protocol: string;
  readonly mode: string;
  readonly peer: string;
  readonly version: string;
};

const page = fileURLToPath(new URL('../../docs/scenarios.md', import.meta.url));

const preface = `# Scenarios

Every scenario of a DMZ gateway, over every protocol, in both modes of the message service, with partners' programs that
we did not write. A line stands here because \`npm test\` has seen it; \`npm run docs\` writes the page anew, with the
versions of the machine that it runs on.

| scenario | protocol | mode | peer | version | result |
|---|---|---|---|---|---|
`;

const cellsOf = ({ scenario, protocol, mode, peer }: Seen): string =>
  `| ${scenario} | ${protocol} | ${mode} | ${peer} |`;

/** The page. */
export const scenarioPage = (seen: readonly Seen[]): string =>
  preface + seen.map((each) => `${cellsOf(each)} ${each.version} | works |\n`).join('');

/** Writes the page where that is asked for; else answers how it differs from what was seen, whatever the versions. */
export const compareWithPage = async (seen: readonly Seen[], write: boolean): Promise<readonly string[]> => {
  if (write) await writeFile(page, scenarioPage(seen));
  const text = await readFile(page, 'utf8');
  const written = text.split('\n').filter((line) => line.endsWith('| works |'));
  const missing = seen.filter((each) => !written.some((line) => line.startsWith(cellsOf(each))));
  const more = written.length - seen.length + missing.length;
  return [
    ...missing.map((each) => `missing: ${cellsOf(each)}`),
    ...(more > 0 ? [`${more} lines that were not seen`] : []),
  ];
};
