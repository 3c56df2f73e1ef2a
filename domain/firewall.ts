/** What the firewalls on both sides of dmz must let through, worked out from the two servers' configs. */
import type { DmzConfig, InnerConfig, ListenerConfig } from './config.ts';
import { placeOf as fetchPlaceOf } from './fetch.ts';
import { placeOf } from './partner.ts';
import type { Protocol } from './protocol.ts';

/** Somebody at an end of a connection. `address` is a host or an address, null where no config says it. */
export type End = {
  readonly zone: 'internet' | 'dmz' | 'inner';
  readonly who: string;
  readonly address: string | null;
};

/** A connection that must be let through; replies come by themselves. `ports`: the first and the last. */
export type FirewallRule = {
  /** Outer stands between internet and dmz, inner between dmz and intranet. */
  readonly firewall: 'outer' | 'inner' | 'both';
  readonly direction: 'inwards' | 'outwards';
  readonly from: End;
  readonly to: End;
  readonly protocol: string;
  readonly ports: readonly [number, number];
  readonly why: string;
  /** Is something of the configs broken without it? */
  readonly needed: boolean;
};

const wildcards: readonly string[] = ['0.0.0.0', '::', '*'];
const known = (address: string | undefined): string | null =>
  address === undefined || wildcards.includes(address) ? null : address;
const one = (port: number): readonly [number, number] => [port, port];

/** The rules for one inner and one dmz. Throws nothing: what no config says is left open for a person to fill in. */
export const firewallRules = (
  inner: InnerConfig,
  dmz: DmzConfig,
  protocols: readonly Protocol[],
): readonly FirewallRule[] => [
  ...linkRules(inner, dmz),
  ...fetchRules(inner, dmz),
  ...dmz.listeners.flatMap((each) => listenerRules(each, dmz, protocols)),
  ...inner.channels.flatMap((each) => partnerRules(each, inner, dmz, protocols)),
];

const innerEnd = ({ node }: InnerConfig, address: string | null = null): End => ({ zone: 'inner', who: node, address });
const dmzEnd = ({ node }: DmzConfig, address: string | null = null): End => ({ zone: 'dmz', who: node, address });
const anybody: End = { zone: 'internet', who: 'partners', address: null };

const linkRules = (inner: InnerConfig, dmz: DmzConfig): readonly FirewallRule[] => {
  const { mode, port } = dmz.messageService;
  const peer = inner.messageService.peers.find((each) => each.node === dmz.node);
  const [here, there] = [innerEnd(inner), dmzEnd(dmz, known(peer?.host ?? dmz.messageService.host))];
  const common = { firewall: 'inner', protocol: 'message service', needed: true } as const;
  const out: FirewallRule = {
    ...common,
    ...{ direction: 'outwards', from: here, to: there, ports: one(peer?.port ?? port) },
    why: mode === 'pushback' ? 'everything between the servers; only inner connects' : 'what inner says to dmz',
  };
  if (mode === 'pushback') return [out];
  const back = dmz.messageService.peers.find((each) => each.node === inner.node);
  const to = innerEnd(inner, known(back?.host ?? inner.messageService.host));
  const ports = one(back?.port ?? inner.messageService.port);
  return [
    out,
    { ...common, direction: 'inwards', from: dmzEnd(dmz), to, ports, why: 'what dmz says to inner (mode: direct)' },
  ];
};

const fetchRules = (inner: InnerConfig, dmz: DmzConfig): readonly FirewallRule[] => {
  const { fetchVia } = inner;
  const peer = inner.messageService.peers.find((each) => each.node === dmz.node);
  if (fetchVia === 'messageService' || peer === undefined) return [];
  const place = fetchPlaceOf(fetchVia, peer);
  const endpoint = dmz.fetch[fetchVia];
  const rule = {
    ...({ firewall: 'inner', direction: 'outwards', from: innerEnd(inner), needed: true } as const),
    to: dmzEnd(dmz, known(place?.host ?? endpoint?.host)),
    protocol: fetchVia,
  };
  const port = place?.port ?? endpoint?.port ?? (fetchVia === 'sftp' ? 22 : 21);
  const why = 'inner fetches payloads that are larger than streamingSize';
  const data = fetchVia === 'ftp' ? dmz.fetch.ftp?.passivePorts : undefined;
  return [
    { ...rule, ports: one(port), why },
    ...(data === undefined ? [] : [{ ...rule, ports: data, why: `${why}: data connections` }]),
  ];
};

const listenerRules = (
  listener: ListenerConfig,
  dmz: DmzConfig,
  protocols: readonly Protocol[],
): readonly FirewallRule[] => {
  const { protocol, host, port } = listener;
  const data = protocols.find((each) => each.name === protocol)?.dataPorts?.(listener);
  const to = dmzEnd(dmz, known(host));
  const spans = [one(port), ...(data === undefined ? [] : [data])];
  return spans.flatMap((ports, i): readonly FirewallRule[] => {
    const what = i === 0 ? '' : ': data connections (passive)';
    const common = { to, protocol, ports };
    const within: End = { zone: 'inner', who: 'administrators', address: null };
    return [
      {
        ...common,
        firewall: 'outer',
        direction: 'inwards',
        from: anybody,
        why: `partners come in${what}`,
        needed: true,
      },
      {
        ...({ ...common, firewall: 'inner', direction: 'outwards', from: within, needed: false } as const),
        why: `monitoring from inside${what}`,
      },
    ];
  });
};

const partnerRules = (
  { name, partner, invisibleToDmz }: InnerConfig['channels'][number],
  inner: InnerConfig,
  dmz: DmzConfig,
  protocols: readonly Protocol[],
): readonly FirewallRule[] => {
  const client = protocols.find((each) => each.name === partner?.protocol)?.partner;
  if (partner === undefined || client === undefined) return [];
  const ways = sentDirectly(inner, name) || invisibleToDmz ? ([true] as boolean[]) : [];
  if (!invisibleToDmz) ways.push(false);
  return ways.flatMap((direct) =>
    partner.hosts.flatMap((address) => {
      const { host, port } = placeOf(address, client.port(partner));
      const rule = {
        ...({ firewall: direct ? 'both' : 'outer', direction: 'outwards', needed: true } as const),
        from: direct ? innerEnd(inner) : dmzEnd(dmz),
        to: { zone: 'internet', who: `partner of ${name}`, address: host } as const,
        protocol: partner.protocol,
      };
      const why = `channel ${name}: ${direct ? 'inner' : 'dmz'} goes to the partner's server`;
      const data = client.dataPorts;
      return [
        { ...rule, ports: one(port), why },
        ...(data === undefined ? [] : [{ ...rule, ports: data, why: `${why}: data connections (the server chooses)` }]),
      ];
    }),
  );
};

const sentDirectly = ({ profiles, outboxes }: InnerConfig, channel: string): boolean =>
  outboxes.some((each) => each.channel === channel && !each.viaDmz) ||
  profiles.some(({ responses }) =>
    responses.some((each) => each.kind === 'send' && each.channel === channel && !each.viaDmz),
  );
