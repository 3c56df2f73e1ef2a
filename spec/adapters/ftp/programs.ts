/** Partners' programs, many times over: what each must be able to do, and how. */
import { createReadStream, createWriteStream } from 'node:fs';
import { Client } from 'basic-ftp';
import type { Place } from '../../contracts/protocol.ts';
import { program, type Ran } from '../../support/program.ts';
import { curl, type Tls, urlOf } from './clients.ts';

/** One thing that a partner wants done; `from` bytes are there already. */
export type Wish =
  | { readonly kind: 'put' | 'get'; readonly local: string; readonly remote: string; readonly from: number }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string }
  | { readonly kind: 'list'; readonly directory: string };

/** A program. It does the wishes in one session, or one after the other, and answers whether it is content, and what it printed. */
export type Partner = {
  readonly name: string;
  readonly run: (
    place: Place,
    wishes: readonly Wish[],
    security?: Security,
  ) => Promise<{ readonly ok: boolean; readonly text: string }>;
};

/** How the endpoint is encrypted, and the one version of TLS that the program speaks. */
export type Security = { readonly mode: Tls; readonly version: '1.2' | '1.3' };

const ok = ({ code, text }: Ran): { ok: boolean; text: string } => ({ ok: code === 0, text });

const curlOnce = (place: Place, wish: Wish, security?: Security): Promise<Ran> => {
  const run = (args: readonly string[]): Promise<Ran> =>
    curl(
      place,
      [...(security === undefined ? [] : [`--tlsv${security.version}`, '--tls-max', security.version]), ...args],
      security?.mode,
    );
  const url = (path?: string): string => urlOf(place, path, security?.mode);
  switch (wish.kind) {
    case 'put':
      return run([...(wish.from > 0 ? ['-C', '-'] : []), '-T', wish.local, url(wish.remote)]);
    case 'get':
      return run([...(wish.from > 0 ? ['-C', '-'] : []), '-o', wish.local, url(wish.remote)]);
    case 'rename':
      return run(['-Q', `RNFR ${wish.from}`, '-Q', `RNTO ${wish.to}`, '-I', url()]);
    case 'list':
      return run([url(`${wish.directory}/`)]);
  }
};

const lftpLine = (wish: Wish): string => {
  switch (wish.kind) {
    case 'put':
      return `put ${wish.from > 0 ? '-c ' : ''}${wish.local} -o ${wish.remote}`;
    case 'get':
      return `get ${wish.from > 0 ? '-c ' : ''}${wish.remote} -o ${wish.local}`;
    case 'rename':
      return `mv ${wish.from} ${wish.to}`;
    case 'list':
      return `cls -1 ${wish.directory}; ls ${wish.directory}`;
  }
};

const tnftpLines = (wish: Wish): readonly string[] => {
  switch (wish.kind) {
    case 'put':
      return [...(wish.from > 0 ? [`restart ${wish.from}`] : []), `put ${wish.local} ${wish.remote}`];
    case 'get':
      return [`${wish.from > 0 ? 'reget' : 'get'} ${wish.remote} ${wish.local}`];
    case 'rename':
      return [`rename ${wish.from} ${wish.to}`];
    case 'list':
      return [`ls ${wish.directory}`, `mlsd ${wish.directory}`];
  }
};

const basicOnce = async (client: Client, wish: Wish): Promise<string> => {
  switch (wish.kind) {
    case 'put': {
      const rest = createReadStream(wish.local, { start: wish.from });
      await (wish.from > 0 ? client.appendFrom(rest, wish.remote) : client.uploadFrom(rest, wish.remote));
      return '';
    }
    case 'get':
      await client.downloadTo(
        createWriteStream(wish.local, { flags: wish.from > 0 ? 'a' : 'w' }),
        wish.remote,
        wish.from,
      );
      return '';
    case 'rename':
      await client.rename(wish.from, wish.to);
      return '';
    case 'list':
      return (await client.list(wish.directory)).map((each) => `${each.name} ${each.size}`).join('\n');
  }
};

const basicSecurity = ({ mode, version }: Security) => ({
  secure: mode === 'implicit' ? ('implicit' as const) : true,
  secureOptions: {
    rejectUnauthorized: false,
    minVersion: `TLSv${version}` as const,
    maxVersion: `TLSv${version}` as const,
  },
});

const lftpSecurity = (security?: Security): string =>
  security === undefined
    ? 'set ftp:ssl-allow no'
    : `set ftp:ssl-force yes; set ftp:ssl-protect-data yes; set ssl:verify-certificate no; set ssl:priority NORMAL:-VERS-ALL:+VERS-TLS${security.version}`;

/** The programs. */
export const partners: readonly Partner[] = [
  {
    name: 'curl',
    run: async (place, wishes, security) => {
      let text = '';
      for (const wish of wishes) {
        const ran = await curlOnce(place, wish, security);
        text += ran.text;
        if (ran.code !== 0) return { ok: false, text: `${JSON.stringify(wish)}: ${ran.text}` };
      }
      return { ok: true, text };
    },
  },
  {
    name: 'lftp',
    run: async (place, wishes, security) =>
      ok(
        await program('lftp', [
          '--norc',
          '-e',
          `set cmd:fail-exit yes; set net:max-retries 1; ${lftpSecurity(security)}; ${wishes.map(lftpLine).join('; ')}; bye`,
          '-u',
          `${place.login},${place.password}`,
          urlOf(place, '', security?.mode),
        ]),
      ),
  },
  {
    name: 'tnftp',
    run: async (place, wishes) => {
      const script = [`user ${place.login} ${place.password}`, 'binary', ...wishes.flatMap(tnftpLines), 'quit', ''];
      const ran = await program('tnftp', ['-n', '-i', '-v', place.host, String(place.port)], {
        input: script.join('\n'),
      });
      return { ok: ran.code === 0 && !/^[45]\d\d /m.test(ran.text), text: ran.text };
    },
  },
  {
    name: 'basic-ftp',
    run: async (place, wishes, security) => {
      const client = new Client(10_000);
      try {
        await client.access({
          ...{ host: place.host, port: place.port, user: place.login, password: place.password },
          ...(security === undefined ? {} : basicSecurity(security)),
        });
        let text = '';
        for (const wish of wishes) text += `${await basicOnce(client, wish)}\n`;
        return { ok: true, text };
      } catch (error) {
        return { ok: false, text: String(error) };
      } finally {
        client.close();
      }
    },
  },
];

/** Those of them that speak TLS. */
export const tlsPartners: readonly Partner[] = partners.filter((each) => each.name !== 'tnftp');
