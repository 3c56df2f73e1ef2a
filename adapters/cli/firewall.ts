/** What the firewalls need, from the configs alone: no server need run. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { isLeft } from 'fp-ts/lib/Either.js';
import type { Config } from '../../domain/config.ts';
import { type End, type FirewallRule, firewallRules } from '../../domain/firewall.ts';
import { codeOf } from '../shared/failing.ts';
import type { Terminal } from '../shared/terminal.ts';
import { nftables } from './nftables.ts';
import { exits, type Program } from './program.ts';
import { wrongConfig } from './serve.ts';
import { table } from './table.ts';

/** The configs, and how the rules are shown. */
export type FirewallOptions = {
  readonly inner: string;
  readonly dmz: string;
  readonly format: 'table' | 'nftables';
  readonly probe?: boolean;
  readonly json?: boolean;
};

const patience = 3_000;

/** Prints the rules that both firewalls need; with `probe` says which are open from this machine. */
export const firewall = async (program: Program, terminal: Terminal, options: FirewallOptions): Promise<number> => {
  const configs: Config[] = [];
  for (const role of ['inner', 'dmz'] as const) {
    const file = options[role];
    const decoded = await program.decode(file, program.protocols);
    if (isLeft(decoded)) return wrongConfig(terminal, file, decoded.left);
    if (decoded.right.role !== role)
      return wrongConfig(terminal, file, [
        { path: 'role', problem: `is ${decoded.right.role}; give it as --${decoded.right.role}` },
      ]);
    configs.push(decoded.right);
  }
  const [inner, dmz] = configs;
  if (inner?.role !== 'inner' || dmz?.role !== 'dmz')
    throw new Error('the configs have other roles than were looked for');
  if (inner.messageService.mode !== dmz.messageService.mode) {
    const problem = `is ${dmz.messageService.mode}, but ${inner.messageService.mode} on inner: it must be the same on both`;
    return wrongConfig(terminal, options.dmz, [{ path: 'messageService.mode', problem }]);
  }
  const rules = firewallRules(inner, dmz, program.protocols);
  const found = options.probe === true ? await Promise.all(rules.map(look)) : [];
  for (const line of linesOf(rules, found, options)) terminal.out(line);
  return exits.ok;
};

const linesOf = (rules: readonly FirewallRule[], found: readonly string[], { format, json }: FirewallOptions) => {
  if (json === true)
    return [JSON.stringify(rules.map((rule, i) => (found[i] === undefined ? rule : { ...rule, now: found[i] })))];
  if (format === 'nftables') return nftables(rules);
  const head = ['FIREWALL', 'DIRECTION', 'FROM', 'TO', 'PORT', 'PROTOCOL', ...(found.length > 0 ? ['NOW'] : []), 'WHY'];
  return table(
    head,
    rules.map(({ firewall: which, direction, from, to, ports: [first, last], protocol, why, needed }, i) => [
      ...[which === 'both' ? 'outer and inner' : which, direction, endWords(from), endWords(to)],
      ...[
        first === last ? `${first}` : `${first}-${last}`,
        `${protocol} (tcp)`,
        ...(found[i] === undefined ? [] : [found[i]]),
      ],
      `${why}${needed ? '' : ' (recommended)'}`,
    ]),
  );
};

const endWords = ({ zone, who, address }: End): string => `${zone}: ${who}${address === null ? '' : ` ${address}`}`;

/** Ranges are not looked at: nobody listens there but while data flows. */
const look = async ({ to: { address }, ports: [first, last] }: FirewallRule): Promise<string> => {
  if (address === null) return 'address unknown';
  if (first !== last) return 'not looked at';
  const socket = connect({ host: address, port: first });
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), patience);
  try {
    await once(socket, 'connect', { signal: late.signal });
    return 'open';
  } catch (error) {
    if (late.signal.aborted) return 'no answer (dropped by a firewall?)';
    const code = codeOf(error) ?? String(error);
    return code === 'ECONNREFUSED' ? 'closed (nobody listens)' : `closed (${code})`;
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
};
