/** Firewall rules as a ruleset of nftables: a table for each firewall, everything else dropped. */
import { isIP } from 'node:net';
import type { End, FirewallRule } from '../../domain/firewall.ts';
import { printable } from '../shared/printable.ts';

type Family = 4 | 6;
type Named = { readonly name: string; readonly family: Family; readonly end: End; readonly address: string | null };

/** The ruleset of both firewalls. Addresses that no config says, and hosts that are known by name, are sets for a person to fill in: until then nothing of theirs is let through. */
export const nftables = (rules: readonly FirewallRule[]): readonly string[] => [
  '# For the machines that are the firewalls, not for inner or dmz themselves; load with nft -f.',
  '# Sets without elements let nothing through: put the addresses in that their comments name.',
  ...(['outer', 'inner'] as const).flatMap((which) => {
    const its = rules.filter(({ firewall }) => firewall === which || firewall === 'both');
    return its.length === 0 ? [] : ['', ...table(which, its)];
  }),
];

const table = (which: 'outer' | 'inner', rules: readonly FirewallRule[]): readonly string[] => {
  const written = rules.map((rule) => ({ rule, ...ends(rule) }));
  const sets = new Map(
    written.flatMap(({ from, to }) => [from, to].flatMap((each) => (each ? [[each.name, each]] : []))),
  );
  return [
    `table inet sallyport_${which} {`,
    ...[...sets.values()].flatMap(set),
    '  chain forward {',
    '    type filter hook forward priority filter; policy drop;',
    '    ct state established,related accept',
    ...written.flatMap(({ rule, from, to, family }) => [
      `    # ${comment(`${rule.why}${rule.needed ? '' : ' (recommended, not needed)'}`)}`,
      `    ${[...clause('saddr', from, family), ...clause('daddr', to, family), ...ports(rule)].join(' ')}`,
    ]),
    '  }',
    '}',
  ];
};

const ends = (rule: FirewallRule) => {
  const family: Family = [rule.from, rule.to].some(({ address }) => isIP(address ?? '') === 6) ? 6 : 4;
  return { family, from: named(rule.from, family), to: named(rule.to, family) };
};

/** Anybody on the internet needs no set. */
const named = (end: End, family: Family): Named | undefined => {
  const { zone, who, address } = end;
  if (zone === 'internet' && address === null) return undefined;
  const plain = `${zone}_${address ?? who}`.toLowerCase().replace(/[^a-z0-9]+/g, '_');
  return { name: `${plain}_v${family}`, family, end, address: isIP(address ?? '') === family ? address : null };
};

const set = ({ name, family, end, address }: Named): readonly string[] => [
  `  set ${name} {`,
  `    type ipv${family}_addr; flags interval; # ${comment([end.who, end.address ?? 'its address is in no config'].join(', '))}`,
  ...(address === null ? [] : [`    elements = { ${address} }`]),
  '  }',
];

const clause = (which: 'saddr' | 'daddr', end: Named | undefined, family: Family): readonly string[] =>
  end === undefined ? [] : [`${family === 6 ? 'ip6' : 'ip'} ${which} @${end.name}`];

const ports = ({ ports: [first, last] }: FirewallRule): readonly string[] => [
  `tcp dport ${first === last ? first : `${first}-${last}`} accept`,
];

const comment = (text: string): string => printable(text, 200);
