import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { smtp, smtps } from '../../../adapters/smtp/index.ts';
import type { ConnectStep, PartnerContext, PartnerPlace, PartnerSession } from '../../../domain/partner.ts';
import type { Endpoint } from '../../support/endpoint.ts';
import { freePort } from '../../support/free-port.ts';
import { failureOf, inPieces, succeeded } from '../../support/outcome.ts';
import { contextWith } from '../../support/real-partner.ts';
import { contentOf, mailbox, sender } from './clients.ts';
import { endpoint } from './endpoint.ts';

const settings = { protocol: 'smtp', from: sender, to: [mailbox] };
const handOver = (
  session: PartnerSession,
  content: Uint8Array,
  bytes = inPieces(content, 10_000),
  name = 'orders.xml',
) => session.handOver?.({ path: `/in/${name}`, id: '0abc', size: content.length }, bytes) ?? never;

const come = (
  port: number,
  more: Readonly<Record<string, unknown>> = {},
  other: Partial<PartnerPlace> = {},
  context: Partial<PartnerContext> = {},
) => {
  const client = (more.protocol === 'smtps' ? smtps : smtp).partner;
  if (client === undefined) throw new Error('no client');
  const place = { channel: 'acme', host: '127.0.0.1', port, login: '', credentials: {}, trusted: [], ...other };
  return client.connect({ ...settings, ...more }, place, contextWith(context));
};

/** The fingerprint that an endpoint shows. */
const fingerprint = async ({ place }: Endpoint, more: Readonly<Record<string, unknown>> = {}): Promise<string> => {
  let seen = '';
  await failureOf(come(place.port, more, {}, { onSeen: (each) => (seen = each) }));
  return seen;
};

/** A server that answers each line as it is told, and keeps what it was sent. */
const scripted = async (answer: (line: string, socket: Socket) => string | undefined) => {
  const heard: string[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => undefined).write('220 here\r\n');
    let rest = '';
    socket.setEncoding('utf8').on('data', (text: string) => {
      const lines = `${rest}${text}`.split('\r\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        heard.push(line);
        const said = answer(line, socket);
        if (said !== undefined) socket.write(`${said}\r\n`);
      }
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port, heard };
};

const polite = (line: string): string | undefined => {
  if (/^(EHLO|MAIL|RCPT|RSET|QUIT)/.test(line)) return '250 fine';
  if (line === 'STARTTLS') return '502 what is that';
  if (line === 'DATA') return '354 go on';
  return line === '.' ? '250 taken' : undefined;
};

describe('a session at a mail server', () => {
  it('sends a file as an attachment over STARTTLS, once its certificate is approved', async () => {
    const server = await endpoint();
    const trusted = [await fingerprint(server)];
    const steps: ConnectStep[] = [];
    const session = await succeeded(
      come(
        server.place.port,
        { subject: 'For you: {name} ({id})' },
        { trusted },
        { onStep: (step) => steps.push(step) },
      ),
    );
    const content = randomBytes(100_000);
    expect(await succeeded(handOver(session, content, undefined, 'Größe, "neu".xml'))).toBe('<0abc@acme.example>');
    await session.close();
    expect(steps).toEqual(['name', 'port', 'tls']);
    const [taken] = server.memory.completed;
    expect(taken?.path).toBe('/0abc@acme.example.eml');
    const mail = String(taken?.bytes);
    expect(mail).toMatch(/with ESMTPS id/);
    expect(mail).toMatch(/^From: edi@acme\.example\r\nTo: orders@here\.example\r\n/m);
    expect(mail).toMatch(/^Message-ID: <0abc@acme\.example>\r\n/im);
    expect(mail).toMatch(/filename\*0\*=utf-8''Gr%C3%B6%C3%9Fe/i);
    expect(contentOf(taken?.bytes ?? Buffer.alloc(0)).equals(content)).toBe(true);
  });

  it('says nothing of ours to a server that nobody has approved, over STARTTLS and TLS alike', async () => {
    for (const more of [{}, { protocol: 'smtps' }]) {
      const server = await endpoint(more);
      const login = { login: 'acme', credentials: { password: 'secret' } };
      const failure = await failureOf(come(server.place.port, more, login));
      expect(failure).toMatchObject({ lasting: 'permanent', code: 'untrusted' });
      expect(failure.text).toContain('sallyport channels trust acme');
      expect(await failureOf(come(server.place.port, { ...more, verify: 'authority' }, login))).toMatchObject({
        code: 'untrusted',
      });
      expect(server.memory.attempts).toEqual([]);
    }
  });

  it('logs in, and says where the login is wrong, without the password', async () => {
    const server = await endpoint({ protocol: 'smtps' }, { needsLogin: true });
    const over = { protocol: 'smtps' };
    const trusted = [await fingerprint(server, over)];
    const wrong = { trusted, login: 'acme', credentials: { password: 'not this one' } };
    const failure = await failureOf(come(server.place.port, over, wrong));
    expect(failure).toMatchObject({ lasting: 'permanent', code: 'badCredentials' });
    expect(failure.text).not.toContain('not this one');
    const right = { ...wrong, credentials: { password: 'secret' } };
    const session = await succeeded(come(server.place.port, over, right));
    await succeeded(handOver(session, Buffer.from('x')));
    await session.close();
    expect(server.memory.completed).toHaveLength(1);
  });

  it('does not go on in clear where TLS is required, and does where it is not', async () => {
    const { port, heard } = await scripted(polite);
    expect(await failureOf(come(port))).toMatchObject({ lasting: 'permanent', code: 'insecure' });
    expect(await failureOf(come(port, { tls: 'opportunistic' }, { login: 'me' }))).toMatchObject({ code: 'insecure' });
    expect(heard.some((line) => /^(MAIL|AUTH)/.test(line))).toBe(false);
    for (const tls of ['opportunistic', 'none']) {
      const session = await succeeded(come(port, { tls }));
      await succeeded(handOver(session, Buffer.from('x')));
      await session.close();
    }
  });

  it.each([
    ['MAIL', '451 not now', { lasting: 'temporary', code: 'peerFailed' }],
    ['RCPT', '550 nobody', { lasting: 'permanent', code: 'notPermitted' }],
    ['.', '552 too large', { lasting: 'permanent', code: 'notPermitted' }],
    ['.', '452 no room', { lasting: 'temporary', code: 'peerFailed' }],
  ])('takes an answer to %s at its word: %s', async (command, answer, failure) => {
    const { port } = await scripted((line) =>
      line.startsWith(command) && (command !== '.' || line === '.') ? answer : polite(line),
    );
    const session = await succeeded(come(port, { tls: 'none' }));
    expect(await failureOf(handOver(session, Buffer.from('x')))).toMatchObject(failure);
    await session.close();
  });

  it('has a person see to it where only some of the recipients are taken', async () => {
    const { port } = await scripted((line) => (/^RCPT.*other/.test(line) ? '550 nobody' : polite(line)));
    const session = await succeeded(come(port, { tls: 'none', to: [mailbox, 'other@here.example'] }));
    const failure = await failureOf(handOver(session, Buffer.from('x')));
    expect(failure).toMatchObject({ lasting: 'permanent', code: 'rejected' });
    expect(failure.text).toContain('other@here.example');
    await session.close();
  });

  it('does not know the outcome where the answer to the mail is lost, and says so', async () => {
    const { port } = await scripted((line, socket) => {
      if (line === '.') socket.destroy();
      return line === '.' ? undefined : polite(line);
    });
    const session = await succeeded(come(port, { tls: 'none' }));
    const failure = await failureOf(handOver(session, Buffer.from('x')));
    expect(failure).toMatchObject({ lasting: 'temporary', code: 'outcomeUnknown' });
    await session.close();
  });

  it('ends no mail whose bytes fail', async () => {
    const { port, heard } = await scripted(polite);
    const session = await succeeded(come(port, { tls: 'none' }));
    const broken = async function* () {
      yield* inPieces(randomBytes(200_000), 10_000);
      throw new Error('the disk is gone');
    };
    const failure = await failureOf(handOver(session, Buffer.alloc(0), broken()));
    expect(failure).toMatchObject({ code: 'unreadable' });
    expect(failure.text).toContain('the disk is gone');
    await session.close();
    expect(heard).not.toContain('.');
  });

  it('fails for now where nobody is there, and can do nothing but send', async () => {
    expect(await failureOf(come(await freePort()))).toMatchObject({ lasting: 'temporary', code: 'unreachable' });
    expect(await failureOf(come(1, {}, { host: 'mail.invalid' }))).toMatchObject({ code: 'unknownHost' });
    const { port } = await scripted(polite);
    const session = await succeeded(come(port, { tls: 'none' }));
    for (const asked of [session.list('/'), session.look('/a'), session.read('/a', 0), session.remove('/a')])
      expect(await failureOf(asked)).toMatchObject({ lasting: 'permanent', code: 'notPermitted' });
    await session.close();
    expect(await failureOf(handOver(session, Buffer.from('x')))).toMatchObject({
      lasting: 'temporary',
    });
  });
});

const never = () => Promise.reject(new Error('mail can be sent'));
