/** Approving the key or certificate of a partner's server: shown, compared by a person, recorded with who did it. */
import { isLeft } from 'fp-ts/lib/Either.js';
import type { Control, Probe, ProbedPlace } from '../../domain/control.ts';
import { printable } from '../shared/printable.ts';
import type { Terminal } from '../shared/terminal.ts';
import { failedStep, placeLines } from './partner.ts';
import { exits, type Program } from './program.ts';
import { table, timeWords } from './table.ts';
import { type Asked, dataDirectory } from './transfers.ts';

/** Whom to approve, or no longer, and whether a person is asked. */
export type TrustOptions = Asked & {
  readonly fingerprint?: string;
  readonly yes?: boolean;
  readonly revoke?: boolean;
  readonly viaDmz?: boolean;
};

type Change = { readonly question: string; readonly fingerprints: readonly string[] };

/** Approves whoever answers at the partner's addresses, or takes approvals back. */
export const trust = async (
  program: Program,
  terminal: Terminal,
  channel: string,
  options: TrustOptions,
): Promise<number> => {
  const data = await dataDirectory(program, terminal, options);
  if (isLeft(data)) return data.left;
  const control = program.controlClient(data.right);
  const depth = options.revoke === true ? 'nothing' : 'key';
  const probed = await control.probe({ channel, depth, directory: '/', viaDmz: options.viaDmz === true })();
  if (isLeft(probed)) return said(terminal, probed.left.text);
  const { right: probe } = probed;
  if (options.json !== true) for (const line of table(...overview(probe))) terminal.out(line);
  const change = options.revoke === true ? revoking(channel, probe, options) : approving(channel, probe, options);
  if (typeof change === 'string') {
    for (const place of options.revoke === true ? [] : probe.places.filter(isUnseen))
      for (const line of placeLines(channel, place)) terminal.error(line);
    return said(terminal, change);
  }
  if (change === undefined) {
    terminal.out(
      options.json === true ? answer(probe, probe.approved) : `Nothing is to be changed for channel ${channel}.`,
    );
    return exits.ok;
  }
  return confirmed(terminal, control, channel, probe, change, options);
};

const confirmed = async (
  terminal: Terminal,
  control: Control,
  channel: string,
  probe: Probe,
  { question, fingerprints }: Change,
  { yes, fingerprint, json }: TrustOptions,
): Promise<number> => {
  const may = yes === true || fingerprint !== undefined || (await terminal.ask(question));
  if (may === undefined)
    return said(
      terminal,
      'there is nobody to ask; say --fingerprint with what the partner told you, or --yes',
      exits.wrong,
    );
  if (!may) return said(terminal, 'nothing was changed');
  const done = await control.trust({ channel, fingerprints, login: terminal.login })();
  if (isLeft(done)) return said(terminal, done.left.text);
  terminal.out(json === true ? answer(probe, fingerprints) : printable(done.right));
  return exits.ok;
};

/** What is approved afterwards; undefined where that is so already, a sentence where it cannot be. */
const approving = (channel: string, probe: Probe, { fingerprint }: TrustOptions): Change | string | undefined => {
  const seen = [...new Set(probe.places.flatMap((place) => place.seen?.fingerprint ?? []))];
  if (seen.length === 0) {
    const unreached = probe.places.some((place) => failedStep(place) !== undefined);
    if (unreached) return `no key was seen at the partner of channel ${channel}`;
    return ['ftp', 'http'].includes(probe.protocol)
      ? `plain ${probe.protocol.toUpperCase()} shows no key: there is nobody to approve`
      : undefined;
  }
  if (fingerprint !== undefined && !seen.includes(fingerprint))
    return `the server shows ${seen.join(', ')}, not ${fingerprint}: it may be another one than the partner's`;
  const wanted = fingerprint === undefined ? seen : [fingerprint];
  const fresh = wanted.filter((each) => !probe.configured.includes(each) && !probe.approved.includes(each));
  if (fresh.length === 0) return undefined;
  // An address that did not answer may still have the key that was approved before.
  const old = probe.places.some(isUnseen) ? probe.approved : probe.approved.filter((each) => seen.includes(each));
  const question = `Is this what the partner says its key is: ${fresh.join(', ')}? Approve it for channel ${channel}?`;
  return { question, fingerprints: [...old, ...fresh] };
};

const revoking = (
  channel: string,
  { approved, configured }: Probe,
  { fingerprint }: TrustOptions,
): Change | string | undefined => {
  if (fingerprint !== undefined && configured.includes(fingerprint))
    return `${fingerprint} stands in the config (partner.trusted of channel ${channel}); remove it there`;
  if (fingerprint !== undefined && !approved.includes(fingerprint)) return `${fingerprint} is not approved`;
  if (approved.length === 0) return undefined;
  const gone = fingerprint === undefined ? approved : [fingerprint];
  const question = `Approve ${gone.join(', ')} no longer for channel ${channel}?`;
  return { question, fingerprints: approved.filter((each) => !gone.includes(each)) };
};

const isUnseen = ({ seen }: ProbedPlace): boolean => seen === null;

const overview = ({ configured, approved, places }: Probe): Parameters<typeof table> => {
  const seen = places.flatMap((place) => (place.seen === null ? [] : [{ ...place.seen, address: place.address }]));
  const old = [
    ...configured.map((fingerprint) => [fingerprint, 'in the config'] as const),
    ...approved.map((fingerprint) => [fingerprint, 'approved'] as const),
  ];
  const rows = [
    ...old.map(([fingerprint, state]) => [state, fingerprint, '', '', '']),
    ...seen.map(({ fingerprint, certificate, address }) => [
      ...[old.some(([each]) => each === fingerprint) ? 'seen, known' : 'seen, NEW', fingerprint, address],
      ...[certificate?.subject ?? '', certificate === null ? '' : timeWords(certificate.notAfter)],
    ]),
  ];
  return [['STATE', 'FINGERPRINT', 'AT', 'CERTIFICATE OF', 'VALID UNTIL'], rows];
};

const answer = ({ places, configured }: Probe, approved: readonly string[]): string =>
  JSON.stringify({ configured, approved, seen: places.map(({ address, seen }) => ({ address, ...seen })) });

const said = (terminal: Terminal, text: string, code: number = exits.failed): number => {
  terminal.error(`sallyport: ${printable(text)}`);
  return code;
};
