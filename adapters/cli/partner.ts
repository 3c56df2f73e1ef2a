/** Looking at a channel's partner: what works there, what does not, and how that is mended. */
import { isLeft } from 'fp-ts/lib/Either.js';
import type { ProbedPlace, ProbeStep } from '../../domain/control.ts';
import { printable } from '../shared/printable.ts';
import type { Terminal } from '../shared/terminal.ts';
import { exits, type Program } from './program.ts';
import { table } from './table.ts';
import { type Asked, dataDirectory } from './transfers.ts';

/** How the partner is tested. */
export type TestOptions = Asked & {
  readonly directory: string;
  readonly write?: boolean;
  readonly viaDmz?: boolean;
};

/** Goes through everything that a transfer needs of a channel's partner, and names the first step that fails. */
export const test = async (
  program: Program,
  terminal: Terminal,
  channel: string,
  options: TestOptions,
): Promise<number> => {
  const data = await dataDirectory(program, terminal, options);
  if (isLeft(data)) return data.left;
  const { directory, write, viaDmz } = options;
  const request = { channel, directory, depth: write === true ? 'write' : 'list', viaDmz: viaDmz === true } as const;
  const probed = await program.controlClient(data.right).probe(request)();
  if (isLeft(probed)) {
    terminal.error(`sallyport: ${printable(probed.left.text)}`);
    return exits.failed;
  }
  const { places } = probed.right;
  const lines = places.flatMap((place, i) => [...(i === 0 ? [] : ['']), ...placeLines(channel, place)]);
  for (const line of options.json === true ? [JSON.stringify(probed.right)] : lines) terminal.out(line);
  return places.some((place) => failedStep(place) !== undefined) ? exits.failed : exits.ok;
};

/** The step that failed at a place, if any did. */
export const failedStep = ({ steps }: ProbedPlace): ProbedPlace['steps'][number] | undefined =>
  steps.find(({ failure }) => failure !== null);

/** A place in words: a line a step, and for what failed how it is mended. */
export const placeLines = (channel: string, place: ProbedPlace): readonly string[] => {
  const rows = place.steps.map(({ step, milliseconds, failure }) => [
    ...[failure === null ? '✔' : '✘', stepWords[step], `${milliseconds} ms`, failure?.text ?? ''],
  ]);
  const failure = failedStep(place)?.failure;
  const mend = failure == null ? undefined : mending(channel)[failure.code];
  return [
    printable(place.address),
    ...table(['', 'STEP', 'TOOK', 'WHAT'], rows),
    ...(mend === undefined ? [] : [`To mend it: ${printable(mend)}.`]),
  ];
};

const stepWords: Readonly<Record<ProbeStep, string>> = {
  name: 'find the host by its name',
  port: 'connect to the port',
  tls: 'begin TLS, know the certificate',
  hostKey: 'know the host key',
  login: 'log in',
  list: 'list the directory',
  write: 'write a file',
  rename: 'rename it',
  remove: 'remove it',
};

const mending = (channel: string): Readonly<Partial<Record<string, string>>> => ({
  unknownHost: `correct partner.hosts of channel ${channel}, or ask whoever runs the DNS of this machine`,
  unreachable:
    'correct the address and port, let this connection through the firewalls, or ask the partner whether its server runs',
  timeout: 'let this connection through the firewalls (they drop it silently), or give a longer partner.connectTimeout',
  untrusted: `compare the fingerprint with what the partner says, by another way than this one; then: sallyport channels trust ${channel}`,
  badCredentials: `correct login, password or privateKey in section "partner" of channel ${channel}, or ask the partner to let us in`,
  badKey: 'write the private key anew in a form that SSH knows',
  insecure:
    "agree with the partner on a protocol (ftp, ftps, sftp) and a TLS version that both have; nothing less is used without the config's saying so",
  busy: 'try again later, or ask the partner for more sessions',
  notFound: 'name a directory that is there with --directory',
  notPermitted: 'ask the partner for the right to do this in that directory, or name another with --directory',
  exists: 'the server does not rename as it should; ask the partner what its server is',
  linkBroken: 'try again; if it happens each time, a firewall or the server ends such connections',
});
