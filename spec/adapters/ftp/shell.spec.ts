/** What our use of ftp-srv rests on: it breaks here first when ftp-srv changes. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { verbs } from '../../../adapters/ftp/verbs.ts';
import { dial, loggedIn } from './clients.ts';
import { endpoint } from './endpoint.ts';

const load = createRequire(import.meta.url);

describe('the shell', () => {
  it('is ftp-srv 4.6.3', () => {
    const { version } = JSON.parse(readFileSync(load.resolve('ftp-srv/package.json'), 'utf8')) as { version: string };
    expect(version).toBe('4.6.3');
  });

  it('takes over no signal of the process', async () => {
    const signals = ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const;
    const counts = () => signals.map((signal) => process.listenerCount(signal));
    const before = counts();
    const added: (string | symbol)[] = [];
    const onAdded = (name: string | symbol): void => void added.push(name);
    process.on('newListener', onAdded);
    await endpoint();
    process.off('newListener', onAdded);
    expect(counts()).toEqual(before);
    expect(added.filter((name) => String(name).startsWith('SIG'))).toEqual([]);
    expect(Object.hasOwn(process, 'on')).toBe(false);
  });

  it('has the verbs that are ours, and five of its own that touch nothing', async () => {
    const { place } = await endpoint();
    const registry = load('ftp-srv/src/commands/registry') as Readonly<Record<string, unknown>>;
    const own = ['HELP', 'MODE', 'NOOP', 'STRU', 'SYST'];
    expect(Object.keys(registry).sort()).toEqual([...Object.keys(verbs), ...own].sort());
    const hand = await loggedIn(place);
    const help = await hand.ask('HELP');
    for (const verb of Object.keys(registry)) {
      expect(help).toContain(verb);
      expect(await hand.ask(`HELP ${verb}`)).toMatch(new RegExp(`^214-${verb}\\b.*\\r\\n214 \\S`));
    }
  });

  it('leaves reading of the socket to us', async () => {
    const { place } = await endpoint();
    const hand = await dial(place);
    hand.send('NO');
    hand.send('OP\r\n');
    expect(await hand.reply()).toMatch(/^200/);
    hand.send('NOOP');
    expect(await hand.ask('\nNOOP\r\nNOOP')).toMatch(/^500/);
    expect(await hand.reply()).toMatch(/^200/);
  });

  it('logs nothing of its own', async () => {
    const { place, lines } = await endpoint();
    const hand = await loggedIn(place);
    hand.socket.resetAndDestroy();
    await hand.ended;
    expect(lines.filter((line) => !/^info ftp (endpoint open|session)/.test(line))).toEqual([]);
  });
});
