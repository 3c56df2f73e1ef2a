/** What SPF and DKIM ask of the DNS: bounded in time and in questions. */
import { Resolver } from 'node:dns/promises';
import type { Clock } from '../../domain/ports.ts';
import { codeOf } from '../shared/failing.ts';

/** The DNS does not answer, or was asked enough: nothing is known, and may be known later. */
export class NoAnswer extends Error {}

/** Questions to the DNS. An answer is empty where there is no such name, or nothing of the kind; throws `NoAnswer`. */
export type Dns = {
  readonly texts: (name: string) => Promise<readonly string[]>;
  readonly addresses: (name: string, family: 4 | 6) => Promise<readonly string[]>;
  readonly exchanges: (name: string) => Promise<readonly string[]>;
  readonly names: (address: string) => Promise<readonly string[]>;
  readonly close: () => void;
};

/** Which servers are asked (none: those of the system), and for how long (milliseconds) about one mail. */
export type DnsSettings = { readonly servers: readonly string[]; readonly timeout: number };

const mostQuestions = 100;
const label = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i;

/** Could it stand in the DNS? */
export const isDomain = (name: string): boolean =>
  name.length <= 253 && name.includes('.') && name.split('.').every((each) => label.test(each));

/** Opens a resolver for one mail. */
export const openDns = ({ servers, timeout }: DnsSettings, clock: Clock): Dns => {
  const resolver = new Resolver({ timeout: Math.max(1, Math.ceil(timeout / 2)), tries: 2 });
  if (servers.length > 0) resolver.setServers(servers);
  let questions = 0;
  let over = false;
  const end = (): void => {
    over = true;
    resolver.cancel();
  };
  const cancel = clock.after(timeout, end);
  const ask = async <A>(name: string, question: () => Promise<readonly A[]>): Promise<readonly A[]> => {
    questions += 1;
    if (over || questions > mostQuestions) throw new NoAnswer(`no answer about ${name}`);
    try {
      return await question();
    } catch (error) {
      const code = codeOf(error);
      if (code === 'ENOTFOUND' || code === 'ENODATA') return [];
      throw new NoAnswer(`no answer about ${name}: ${code ?? 'unknown'}`);
    }
  };
  const named = <A>(name: string, question: () => Promise<readonly A[]>): Promise<readonly A[]> =>
    isDomain(name) ? ask(name, question) : Promise.resolve([]);
  return {
    texts: (name) => named(name, async () => (await resolver.resolveTxt(name)).map((pieces) => pieces.join(''))),
    addresses: (name, family) => named(name, () => (family === 4 ? resolver.resolve4(name) : resolver.resolve6(name))),
    exchanges: (name) => named(name, async () => (await resolver.resolveMx(name)).map(({ exchange }) => exchange)),
    names: (address) => ask(address, () => resolver.reverse(address)),
    close: () => {
      cancel();
      end();
    },
  };
};
