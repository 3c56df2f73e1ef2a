import { createPrivateKey, createSign, generateKeyPairSync } from 'node:crypto';
import { createTransport } from 'nodemailer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../adapters/shared/clock.ts';
import { checkDkim } from '../../../adapters/smtp/dkim.ts';
import { bodyHash } from '../../../adapters/smtp/dkim-body.ts';
import { type Dns, openDns } from '../../../adapters/smtp/dns.ts';
import { checkSpf } from '../../../adapters/smtp/spf.ts';
import type { MailPolicy } from '../../../domain/mail.ts';
import { type Dnsmasq, startDnsmasq } from '../../support/dnsmasq.ts';
import { freePort } from '../../support/free-port.ts';
import { announced, loggedIn, mailbox, mailOf, sender, sent, swaks } from './clients.ts';
import { endpoint } from './endpoint.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const weak = generateKeyPairSync('rsa', { modulusLength: 768 });
const shown = (key: typeof publicKey): string => key.export({ format: 'der', type: 'spki' }).toString('base64');

/** RFC 8463, appendix A. */
const football = [
  'DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;',
  ' d=football.example.com; i=@football.example.com;',
  ' q=dns/txt; s=brisbane; t=1528637909; h=from : to :',
  ' subject : date : message-id : from : subject : date;',
  ' bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;',
  ' b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus',
  ' Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==',
  'DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;',
  ' d=football.example.com; i=@football.example.com;',
  ' q=dns/txt; s=test; t=1528637909; h=from : to : subject :',
  ' date : message-id : from : subject : date;',
  ' bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;',
  ' b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3',
  ' DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz',
  ' dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=',
  'From: Joe SixPack <joe@football.example.com>',
  'To: Suzie Q <suzie@shopping.example.net>',
  'Subject: Is dinner ready?',
  'Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)',
  'Message-ID: <20030712040037.46341.5F8J@football.example.com>',
].join('\r\n');
const dinner = 'Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n';
const footballKeys = {
  brisbane: 'v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=',
  test: 'v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB',
};

const include = (count: number): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`chain${i}.example`, `v=spf1 include:chain${i + 1}.example`]),
  );
const spf = {
  'acme.example': 'v=spf1 ip4:127.0.0.1 -all',
  'net.example': 'v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 ~all',
  'host.example': 'v=spf1 a -all',
  'mx.example': 'v=spf1 mx -all',
  'ptr.example': 'v=spf1 ptr -all',
  'includes.example': 'v=spf1 include:net.example ?all',
  'redirects.example': 'v=spf1 redirect=acme.example',
  'macro.example': 'v=spf1 exists:%{ir}.%{l1r-}.%{d2} -all',
  'nothing.example': 'v=spf1',
  'bad.example': 'v=spf1 ip4:127.0.0.1 nonsense',
  'bad-ip.example': 'v=spf1 ip4:127.0.0.1/99 -all',
  'void.example': 'v=spf1 a:v1.example a:v2.example a:v3.example -all',
  'loop.example': 'v=spf1 include:loop.example',
  'elsewhere.example': 'v=spf1 include:unknown.invalid -all',
  'other.example': 'v=DMARC1',
  ...include(12),
};

let dns: Dnsmasq;
const asking = async <A>(use: (dns: Dns) => Promise<A>, server = dns.server): Promise<A> => {
  const open = openDns({ servers: [server], timeout: 2_000 }, systemClock());
  try {
    return await use(open);
  } finally {
    open.close();
  }
};

beforeAll(async () => {
  dns = await startDnsmasq({
    texts: {
      ...spf,
      'key._domainkey.acme.example': `v=DKIM1; k=rsa; p=${shown(publicKey)}`,
      'weak._domainkey.acme.example': `v=DKIM1; p=${shown(weak.publicKey)}`,
      'web._domainkey.acme.example': `v=DKIM1; s=web:tls; p=${shown(publicKey)}`,
      'email._domainkey.acme.example': `v=DKIM1; s=web : email; p=${shown(publicKey)}`,
      'tried._domainkey.acme.example': `v=DKIM1; t=s:y; p=${shown(publicKey)}`,
      'revoked._domainkey.acme.example': 'v=DKIM1; p=',
      'brisbane._domainkey.football.example.com': footballKeys.brisbane,
      'test._domainkey.football.example.com': footballKeys.test,
    },
    hosts: { 'host.example': '192.0.2.1', 'mail.ptr.example': '192.0.2.5', '7.2.0.192.edi.macro.example': '127.0.0.2' },
    exchanges: { 'mx.example': ['host.example'] },
  });
});
afterAll(() => dns.stop());

describe('SPF', () => {
  it.each([
    ['acme.example', '127.0.0.1', 'pass'],
    ['acme.example', '127.0.0.2', 'fail'],
    ['net.example', '192.0.2.77', 'pass'],
    ['net.example', '2001:db8::1', 'pass'],
    ['net.example', '198.51.100.1', 'softfail'],
    ['host.example', '192.0.2.1', 'pass'],
    ['host.example', '192.0.2.2', 'fail'],
    ['mx.example', '192.0.2.1', 'pass'],
    ['ptr.example', '192.0.2.5', 'pass'],
    ['ptr.example', '192.0.2.6', 'fail'],
    ['includes.example', '192.0.2.7', 'pass'],
    ['includes.example', '198.51.100.1', 'neutral'],
    ['redirects.example', '127.0.0.1', 'pass'],
    ['macro.example', '192.0.2.7', 'pass'],
    ['macro.example', '192.0.2.8', 'fail'],
    ['nothing.example', '127.0.0.1', 'neutral'],
    ['bad.example', '127.0.0.1', 'permerror'],
    ['bad-ip.example', '127.0.0.1', 'permerror'],
    ['void.example', '127.0.0.1', 'permerror'],
    ['loop.example', '127.0.0.1', 'permerror'],
    ['chain0.example', '127.0.0.1', 'permerror'],
    ['elsewhere.example', '127.0.0.1', 'temperror'],
    ['unknown.invalid', '127.0.0.1', 'temperror'],
    ['other.example', '127.0.0.1', 'none'],
    ['absent.example', '127.0.0.1', 'none'],
    ['[192.0.2.1]', '127.0.0.1', 'none'],
  ])('of %s for %s is %s', async (domain, address, result) => {
    const given = { sender: `edi@${domain}`, address, helo: 'mail.acme.example' };
    expect(await asking((open) => checkSpf(open, given))).toEqual({ result, domain });
  });

  it('of a bounce is that of the server that brings it', async () => {
    const given = { sender: '', address: '127.0.0.1', helo: 'acme.example' };
    expect(await asking((open) => checkSpf(open, given))).toEqual({ result: 'pass', domain: 'acme.example' });
  });

  it.each([
    ['of more than 4,096 characters', `v=spf1 ip4:127.0.0.1${' '.repeat(4096)}-all`],
    ['of more than 100 terms', `v=spf1 ip4:127.0.0.1 ${'a '.repeat(100)}`],
    ['with a name of more than 512 characters', `v=spf1 exists:${'%{s}'.repeat(200)}.example -all`],
  ])('is permerror for a record %s', async (_, record) => {
    const given = { sender, address: '127.0.0.1', helo: 'x' };
    const found = await asking((open) => checkSpf({ ...open, texts: () => Promise.resolve([record]) }, given));
    expect(found.result).toBe('permerror');
  });

  it('knows nothing where the DNS is down', async () => {
    const given = { sender, address: '127.0.0.1', helo: 'x' };
    const found = await asking((open) => checkSpf(open, given), `127.0.0.1:${await freePort()}`);
    expect(found.result).toBe('temperror');
  });
});

/** Signs as simply as can be: what is signed stays as it is. */
const signed = (body: string, more: Readonly<Record<string, string>> = {}, key = privateKey): string => {
  const hash = bodyHash('simple');
  hash.give(Buffer.from(body));
  const tags = { v: '1', a: 'rsa-sha256', d: 'acme.example', s: 'key', h: 'from:subject', bh: hash.end(), ...more };
  const from = `From: ${sender}\r\n`;
  const own = `DKIM-Signature: ${Object.entries(tags)
    .map(([name, value]) => `${name}=${value}; `)
    .join('')}b=`;
  const simple = `${from}Subject: x\r\n${own}`;
  const relaxed = simple.replace(/^[^:]+: /gm, (name) => name.toLowerCase().replace(' ', ''));
  const signature = createSign('sha256')
    .update(more.c === undefined ? simple : relaxed)
    .sign(createPrivateKey(key.export({ format: 'pem', type: 'pkcs8' })), 'base64');
  return `${own}${signature}\r\n${from}Subject: x\r\n\r\n${body}`;
};

/** 0xA0 is a blank in Latin-1 only. */
const blankAdded = signed('one\r\n', { c: 'relaxed/simple' }).replace('Subject: x', 'Subject: x\u00a0');

const results = (mail: string, piece = 65_536): Promise<readonly string[]> =>
  asking(async (open) => {
    const end = mail.indexOf('\r\n\r\n') + 4;
    const check = checkDkim(Buffer.from(mail.slice(0, end), 'latin1'), Date.now());
    for (let at = end; at < mail.length; at += piece) check.body(Buffer.from(mail.slice(at, at + piece)));
    return (await check.end(open)).map(({ result }) => result);
  });

describe('DKIM', () => {
  it.each([1, 7, 65_536])('knows the signatures of RFC 8463, in pieces of %i', async (piece) => {
    const resolved = await asking(async (open) => {
      const end = checkDkim(Buffer.from(`${football}\r\n\r\n`), Date.now());
      for (let at = 0; at < dinner.length; at += piece) end.body(Buffer.from(dinner.slice(at, at + piece)));
      const texts = (name: string) =>
        Promise.resolve([name.startsWith('test.') ? footballKeys.test : footballKeys.brisbane]);
      return end.end({ ...open, texts });
    });
    expect(resolved.map(({ result, domain, selector }) => `${result} ${domain} ${selector}`)).toEqual([
      'pass football.example.com brisbane',
      'pass football.example.com test',
    ]);
  });

  it.each([
    ['as it was signed', signed('one\r\n'), 'pass'],
    ['with other blanks where that is allowed', blankAdded.replace('\u00a0', ' \t'), 'pass'],
    ['with empty lines behind it', `${signed('one\r\n')}\r\n\r\n`, 'pass'],
    ['of an empty body', signed(''), 'pass'],
    ['of another body', signed('one\r\n').replace('one', 'two'), 'fail'],
    ['of another sender', signed('one\r\n').replace('From: edi', 'From: boss'), 'fail'],
    ['with one more From below', signed('one\r\n').replace('\r\n\r\n', '\r\nFrom: boss@acme.example\r\n\r\n'), 'fail'],
    ['with one more From above', `From: boss@acme.example\r\n${signed('one\r\n')}`, 'policy'],
    ['with one more Subject above', `Subject: y\r\n${signed('one\r\n')}`, 'policy'],
    ['with a Content-Type above', `Content-Type: text/html\r\n${signed('one\r\n')}`, 'policy'],
    ['with an encoding above', `Content-Transfer-Encoding: base64\r\n${signed('one\r\n')}`, 'policy'],
    ['with a field above that says nothing', `Received: x\r\nReceived: y\r\n${signed('one\r\n')}`, 'pass'],
    ['with fewer fields than were signed', signed('one\r\n', { h: 'from:subject:content-type:from' }), 'pass'],
    ['that is signed in part', signed('one\r\n', { l: '3' }), 'policy'],
    ['with SHA-1', signed('one\r\n', { a: 'rsa-sha1' }), 'policy'],
    ['with a short key', signed('one\r\n', { s: 'weak' }, weak.privateKey), 'policy'],
    ['whose time is over', signed('one\r\n', { x: '1000' }), 'fail'],
    ['whose key is revoked', signed('one\r\n', { s: 'revoked' }), 'permerror'],
    ['whose key is not for mail', signed('one\r\n', { s: 'web' }), 'permerror'],
    ['whose key is for mail, too', signed('one\r\n', { s: 'email' }), 'pass'],
    ['whose key is tried out', signed('one\r\n', { s: 'tried' }), 'policy'],
    ['with a byte behind a field that is a blank elsewhere', blankAdded, 'fail'],
    ['whose key is nowhere', signed('one\r\n', { s: 'absent' }), 'permerror'],
    ['that is not signed as to who wrote it', signed('one\r\n', { h: 'subject' }), 'permerror'],
    ['of a domain that is not its own', signed('one\r\n', { i: '@other.example' }), 'permerror'],
    ['of no version', signed('one\r\n', { v: '2' }), 'permerror'],
    ['whose key nobody tells', signed('one\r\n', { d: 'acme.invalid' }), 'temperror'],
  ])('of a mail %s', async (_, mail, expected) => {
    expect(await results(mail)).toEqual([expected]);
  });

  it('looks at five signatures, and does not take long over a header of nothing else', async () => {
    const mail = signed('one\r\n');
    const [own = ''] = mail.split('\r\n');
    expect(await results(`${`${own}\r\n`.repeat(300)}${mail}`)).toEqual(Array.from({ length: 5 }, () => 'pass'));
    const begun = process.cpuUsage();
    const long = signed('one\r\n', { h: `from:subject${':x'.repeat(60_000)}` });
    await results(`${'x:\r\n'.repeat(30_000)}${long}`);
    expect(process.cpuUsage(begun).user / 1e6).toBeLessThan(3);
  });
});

describe('mail whose sender must be proved', () => {
  const open = (policy: Partial<MailPolicy>, servers = [dns.server]) =>
    endpoint({ dns: { servers, timeout: '2s' } }, { policy: { spf: 'off', dkim: 'off', ...policy } });
  const plain = ['--to', mailbox, '--header', 'Subject: x'];

  it('by SPF is taken from where its domain says, and what was found is kept', async () => {
    const { place, memory } = await open({ spf: 'require' });
    const unnamed = { ...place, login: '' };
    expect(await swaks(unnamed, plain)).toMatchObject({ ok: true });
    expect(memory.completed[0]?.mail).toEqual({ spf: { result: 'pass', domain: 'acme.example' } });
    const other = await swaks(unnamed, ['--from', 'edi@net.example', ...plain]);
    expect(other.text).toMatch(/550 .*SPF of net\.example says softfail/);
    expect((await swaks(unnamed, ['--from', 'edi@unknown.invalid', ...plain])).text).toMatch(/451 .*temperror/);
    expect(memory.completed).toHaveLength(1);
  });

  it('by SPF is taken, whoever sends it, where that is only recorded or it has logged in', async () => {
    const { place, memory } = await open({ spf: 'record' });
    expect(await swaks({ ...place, login: '' }, ['--from', 'edi@unknown.invalid', ...plain])).toMatchObject({
      ok: true,
    });
    expect(memory.completed[0]?.mail?.spf?.result).toBe('temperror');
    const strict = await open({ spf: 'require', dkim: 'require' });
    const hand = await loggedIn(strict.place, 'starttls');
    await announced(hand, mailbox);
    expect(await sent(hand, mailOf('one', Buffer.from('x')))).toMatch(/^250/);
    expect(strict.memory.completed[0]?.mail).toBeUndefined();
  });

  it('by DKIM is taken from nodemailer with the key of its domain, and from nobody else', async () => {
    const { place, memory } = await open({ dkim: 'require' });
    const mailer = (domainName: string) =>
      createTransport({
        ...{ host: place.host, port: place.port, ignoreTLS: true },
        dkim: {
          domainName,
          keySelector: 'key',
          privateKey: privateKey.export({ format: 'pem', type: 'pkcs8' }) as string,
        },
      });
    const mail = {
      ...{ from: sender, to: mailbox, subject: 'orders  of  today', text: 'Größe \r\n .\r\n\r\n\r\n' },
      attachments: [{ filename: 'a.bin', content: Buffer.alloc(300_000, 7) }],
    };
    await mailer('acme.example').sendMail(mail);
    expect(memory.completed[0]?.mail).toEqual({ dkim: [{ result: 'pass', domain: 'acme.example', selector: 'key' }] });
    await expect(mailer('net.example').sendMail(mail)).rejects.toThrow(/550.*valid DKIM signature of acme\.example/);
    expect((await swaks({ ...place, login: '' }, plain)).text).toMatch(/550 .*DKIM/);
    expect(memory.completed).toHaveLength(1);
  });

  it('comes later where the DNS is down, and at once where nothing must be proved', async () => {
    const down = [`127.0.0.1:${await freePort()}`];
    const [needed, recorded] = [
      await open({ spf: 'require' }, down),
      await open({ spf: 'record', dkim: 'record' }, down),
    ];
    expect((await swaks({ ...needed.place, login: '' }, plain)).text).toMatch(/451 .*temperror/);
    expect(await swaks({ ...recorded.place, login: '' }, plain)).toMatchObject({ ok: true });
    expect(recorded.memory.completed[0]?.mail).toEqual({
      spf: { result: 'temperror', domain: 'acme.example' },
      dkim: [],
    });
  });
});
