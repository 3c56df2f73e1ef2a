import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { isPrivate } from '../../../adapters/smtp/exchanges.ts';
import { smtp } from '../../../adapters/smtp/index.ts';
import { startDns } from '../../support/dns-server.ts';
import { freePort } from '../../support/free-port.ts';
import { failureOf, inPieces, succeeded } from '../../support/outcome.ts';
import { contextWith } from '../../support/real-partner.ts';

const zone = {
  'acme.example': { mx: [[20, 'second.acme.example'] as const, [10, 'first.acme.example'] as const] },
  'first.acme.example': { a: ['127.0.0.2'] },
  'second.acme.example': { a: ['127.0.0.3'] },
  'implicit.example': { a: ['127.0.0.3'] },
  'null.example': { mx: [[0, ''] as const], a: ['127.0.0.3'] },
  'nowhere.example': { mx: [[0, 'nothing.example'] as const] },
};

describe('the mail servers of a domain', () => {
  let dns: Awaited<ReturnType<typeof startDns>>;
  let port: number;
  beforeAll(async () => {
    dns = await startDns(zone);
    port = await freePort();
  });
  afterAll(() => dns.stop());

  /** A mail server at an address, which greets as it is told, and tells who came. */
  const server = async (address: string, greeting: string) => {
    const heard: string[] = [];
    const listening = createServer((socket) => {
      socket.on('error', () => undefined).write(`${greeting}\r\n`);
      socket.setEncoding('utf8').on('data', (text: string) => {
        heard.push(text);
        const isEnd = text.endsWith('\r\n.\r\n');
        if (isEnd || /^(EHLO|MAIL|RCPT|QUIT)/.test(text)) socket.write('250 fine\r\n');
        else if (text.startsWith('DATA')) socket.write('354 go on\r\n');
      });
    }).listen(port, address);
    await once(listening, 'listening');
    onTestFinished(() => void listening.close());
    return heard;
  };

  const come = (domain: string, more: Readonly<Record<string, unknown>> = {}, login = '') => {
    const to = { protocol: 'smtp', from: 'us@here.example', to: [`orders@${domain}`], tls: 'none' };
    const settings = { ...to, lookup: 'mx', dns: [dns.address], privateAddresses: true, ...more };
    const place = { channel: 'acme', host: domain, port, login, credentials: {}, trusted: [] };
    return smtp.partner?.connect(settings, place, contextWith({})) ?? never;
  };
  const never = () => Promise.reject(new Error('no client'));
  const mailTo = async (domain: string): Promise<void> => {
    const session = await succeeded(come(domain));
    const content = Buffer.from('x');
    await succeeded(session.handOver?.({ path: '/x.txt', id: '0abc', size: 1 }, inPieces(content, 1)) ?? never);
    await session.close();
  };

  it('are tried in the order of their preference', async () => {
    const [first, second] = [await server('127.0.0.2', '220 hello'), await server('127.0.0.3', '220 hello')];
    await mailTo('acme.example');
    expect([first.join('').includes('RCPT TO:<orders@acme.example>'), second]).toEqual([true, []]);
  });

  it('are passed over where they do not answer', async () => {
    const second = await server('127.0.0.3', '220 hello');
    await mailTo('acme.example');
    expect(second.join('')).toContain('RCPT');
  });

  it('are passed over where they have no time', async () => {
    const second = await server('127.0.0.3', '220 hello');
    const first = await server('127.0.0.2', '421 later');
    await mailTo('acme.example');
    expect([first.join('').includes('RCPT'), second.join('').includes('RCPT')]).toEqual([false, true]);
  });

  it('are the domain itself where it names none', async () => {
    const heard = await server('127.0.0.3', '220 hello');
    await mailTo('implicit.example');
    expect(heard.join('')).toContain('RCPT');
  });

  it.each([
    [
      'null.example',
      { lasting: 'permanent', code: 'notPermitted', text: expect.stringContaining('takes no mail') as string },
    ],
    ['missing.example', { lasting: 'permanent', code: 'unknownHost' }],
    ['nowhere.example', { lasting: 'temporary', code: 'unknownHost' }],
  ])('are nobody: %s', async (domain, failure) => {
    await server('127.0.0.3', '220 hello');
    expect(await failureOf(come(domain))).toMatchObject(failure);
  });

  it('at private addresses are not gone to unless that is wanted', async () => {
    const heard = await server('127.0.0.3', '220 hello');
    const failure = await failureOf(come('acme.example', { privateAddresses: false }));
    expect(failure).toMatchObject({ lasting: 'permanent', code: 'notPermitted' });
    expect(failure.text).toContain('second.acme.example 127.0.0.3');
    expect(heard).toEqual([]);
  });

  it('are told no login', async () => {
    const heard = await server('127.0.0.3', '220 hello');
    const failure = await failureOf(come('implicit.example', {}, 'us'));
    expect(failure).toMatchObject({ lasting: 'permanent', code: 'insecure' });
    expect(heard).toEqual([]);
  });

  it('are private unless they are known to be public', () => {
    const open = ['192.0.2.1', '8.8.8.8', '2001:db8::1', '2a00:1450::1'];
    const own = ['10.1.2.3', '127.0.0.1', '::1', '::7f00:1', '::ffff:10.0.0.1', '64:ff9b::a00:1', '64:ff9b:1::a00:1'];
    const more = [
      'fd00::1',
      'fe80::1',
      'fe80::1%eth0',
      'fec0::1',
      '100::1',
      '2001::1',
      '2002:a00:1::',
      '',
      '127.1',
      'x',
    ];
    expect([...open, ...own, ...more].filter((each) => !isPrivate(each))).toEqual(open);
  });

  it('that cannot be asked for are waited for', async () => {
    expect(await failureOf(come('acme.example', { dns: [`127.0.0.1:${await freePort()}`] }))).toMatchObject({
      ...{ lasting: 'temporary', code: 'unknownHost' },
    });
  });
});
