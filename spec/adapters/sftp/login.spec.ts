import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import ssh2, { type BaseAgent, type ParsedKey } from 'ssh2';
import { describe, expect, it, vi } from 'vitest';
import { refusal } from '../../../domain/failure.ts';
import { program } from '../../support/program.ts';
import { scratch } from '../../support/scratch.ts';
import { careless, connect, sever } from './clients.ts';
import { endpoint } from './endpoint.ts';

const keyPair = async (type: string, bits: string): Promise<{ file: string; blob: string; fingerprint: string }> => {
  const file = join(await scratch(), `id_${type}`);
  await program('ssh-keygen', ['-q', '-t', type, '-b', bits, '-N', '', '-C', '', '-f', file]);
  const blob = (await readFile(`${file}.pub`, 'utf8')).split(' ')[1]?.trim() ?? '';
  const fingerprint = (await program('ssh-keygen', ['-lf', `${file}.pub`])).text.split(' ')[1] ?? '';
  return { file, blob, fingerprint };
};

const withKey = (port: number, file: string, ...options: string[]) =>
  program(
    'sftp',
    [...careless, '-o', 'IdentitiesOnly=yes', ...options, '-i', file, '-P', String(port), '-b', '-', 'acme@127.0.0.1'],
    {
      input: 'pwd\n',
      env: { SSH_AUTH_SOCK: '' },
    },
  );

const parsed = (pem: string): ParsedKey => {
  const key = ssh2.utils.parseKey(pem);
  if (key instanceof Error) throw key;
  return key;
};

describe('login with a public key', () => {
  it.each([
    ['ed25519', '256'],
    ['ecdsa', '256'],
    ['ecdsa', '521'],
    ['rsa', '3072'],
  ])('lets in the holder of an %s key of %s bits', async (type, bits) => {
    const { file, blob, fingerprint } = await keyPair(type, bits);
    const { memory, place } = await endpoint({}, { keys: [blob] });
    let seen: unknown;
    const login = memory.intake.login.bind(memory.intake);
    vi.spyOn(memory.intake, 'login').mockImplementation((attempt) => {
      seen = attempt;
      return login(attempt);
    });
    expect(await withKey(place.port, file)).toMatchObject({ code: 0 });
    expect(seen).toMatchObject({
      protocol: 'sftp',
      address: '127.0.0.1',
      login: 'acme',
      proof: { kind: 'publicKey', blob, fingerprint, signed: true },
    });
  });

  it('refuses a key that the channel does not have', async () => {
    const [known, other] = [await keyPair('ed25519', '256'), await keyPair('ed25519', '256')];
    const { memory, place } = await endpoint({}, { keys: [known.blob] });
    expect((await withKey(place.port, other.file)).text).toMatch(/Permission denied/);
    expect(memory.attempts).toEqual([]);
  });

  it('refuses a signature that another key made', async () => {
    const [known, other] = [await keyPair('ed25519', '256'), await keyPair('ed25519', '256')];
    const { memory, place } = await endpoint({}, { keys: [known.blob] });
    const identity = parsed(await readFile(`${known.file}.pub`, 'utf8'));
    const wrong = parsed(await readFile(other.file, 'utf8'));
    const agent = Object.assign(Object.create(ssh2.BaseAgent.prototype) as BaseAgent, {
      getIdentities: (done: (error: null, keys: ParsedKey[]) => void) => done(null, [identity]),
      sign: (_key: unknown, data: Buffer, _options: unknown, done: (error: null, signature: Buffer) => void) =>
        done(null, wrong.sign(data)),
    });
    await expect(connect({ ...place, password: '' }, { agent, authHandler: ['agent'] })).rejects.toThrow(
      /authentication/i,
    );
    expect(memory.attempts).toEqual([]);
    expect(memory.sessions()).toBe(0);
  });

  it('refuses RSA with SHA-1', async () => {
    const { file, blob } = await keyPair('rsa', '3072');
    const { place } = await endpoint({}, { keys: [blob] });
    expect((await withKey(place.port, file, '-o', 'PubkeyAcceptedAlgorithms=ssh-rsa')).code).not.toBe(0);
    expect((await withKey(place.port, file, '-o', 'PubkeyAcceptedAlgorithms=rsa-sha2-256')).code).toBe(0);
  });
});

describe('login with a password', () => {
  it('is possible by keyboard-interactive, with one prompt', async () => {
    const { memory, place } = await endpoint();
    const client = new ssh2.Client();
    const prompts: unknown[] = [];
    client.on('keyboard-interactive', (_name, _text, _language, asked, answer) => {
      prompts.push(asked);
      answer([place.password]);
    });
    const ready = new Promise<void>((resolve, reject) => client.on('ready', resolve).on('error', reject));
    client.connect({
      host: place.host,
      port: place.port,
      username: 'acme',
      authHandler: ['keyboard-interactive'],
      tryKeyboard: true,
    });
    await ready;
    expect(prompts).toEqual([[{ prompt: 'Password: ', echo: false }]]);
    expect(memory.sessions()).toBe(1);
    client.end();
    await memory.until(() => memory.sessions() === 0);
  });

  it('disconnects after as many failures as are allowed', async () => {
    const { memory, place } = await endpoint({ maxLoginAttempts: 3 });
    const client = new ssh2.Client();
    let tries = 0;
    const ended = new Promise<void>((resolve) => client.on('close', () => resolve()).on('error', () => undefined));
    client.connect({
      host: place.host,
      port: place.port,
      username: 'acme',
      authHandler: (_left, _partial, next) => {
        tries += 1;
        next({ type: 'password', username: 'acme', password: `guess ${tries}` });
      },
    });
    await ended;
    expect(memory.attempts).toHaveLength(3);
  });

  it('disconnects whom the intake does not want to see for a while', async () => {
    const { memory, place } = await endpoint();
    memory.before = (what) => (what === 'login' ? refusal('tooManyAttempts', 'wait a while') : undefined);
    const client = new ssh2.Client();
    const ended = new Promise<void>((resolve) => client.on('close', () => resolve()).on('error', () => undefined));
    client.connect({
      host: place.host,
      port: place.port,
      username: 'acme',
      authHandler: (_left, _partial, next) => next({ type: 'password', username: 'acme', password: 'secret' }),
    });
    await ended;
    expect(memory.attempts).toHaveLength(1);
  });

  it('gives the session back when the client left during the check', async () => {
    const { memory, place } = await endpoint();
    let release = (): void => undefined;
    memory.before = (what) =>
      what === 'login' ? new Promise((resolve) => (release = () => resolve(undefined))) : undefined;
    const client = new ssh2.Client();
    const gone = new Promise<void>((resolve) => client.on('close', () => resolve()).on('error', () => undefined));
    client.connect({ host: place.host, port: place.port, username: 'acme', password: 'secret' });
    await vi.waitFor(() => expect(memory.attempts).toHaveLength(1));
    sever(client);
    await gone;
    const opened = memory.until(() => memory.sessions() === 1);
    release();
    await opened;
    await memory.until(() => memory.sessions() === 0);
  });
});

describe('the algorithms', () => {
  it.each([
    ['KexAlgorithms=diffie-hellman-group14-sha1', /key exchange method/],
    ['KexAlgorithms=diffie-hellman-group1-sha1', /key exchange method/],
    ['MACs=hmac-sha1 Ciphers=aes128-ctr', /MAC found/],
    ['Ciphers=aes128-cbc', /cipher found/],
    ['HostKeyAlgorithms=ssh-rsa', /host key type/],
  ])('do not include %s', async (options, complaint) => {
    const { place } = await endpoint();
    const flags = ['LogLevel=INFO', ...options.split(' ')].flatMap((each) => ['-o', each]);
    const { code, text } = await program('ssh', [...flags, ...careless, '-p', String(place.port), 'acme@127.0.0.1']);
    expect(code).not.toBe(0);
    expect(text).toMatch(complaint);
  });
});
