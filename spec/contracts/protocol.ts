/** What every protocol owes its partners, told with real clients against the intake in memory. */
import { createHash, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { refusal } from '../../domain/failure.ts';
import type { MailRules } from '../../domain/mail.ts';
import type { Listener, Protocol } from '../../domain/protocol.ts';
import { listenerContext } from '../support/listener-context.ts';
import { type MemoryIntake, memoryIntake } from '../support/memory-intake.ts';
import { scratch } from '../support/scratch.ts';

/** What a client says at its end: did it believe that all went well, and what did it print. */
export type Outcome = { readonly ok: boolean; readonly text: string };

/** How to reach the endpoint, and a directory for the client's own files. */
export type Place = {
  readonly host: string;
  readonly port: number;
  readonly login: string;
  readonly password: string;
  readonly directory: string;
};

/** A partner's program. Without `get` and `list` the protocol only takes, and must ask for nothing else. */
export type ProtocolClient = {
  readonly put: (local: string, remote: string) => Promise<Outcome>;
  readonly get?: (remote: string, local: string) => Promise<Outcome>;
  /** Names, sizes and all, as the client prints them. */
  readonly list?: (directory: string) => Promise<Outcome>;
  /** Two uploads in one session; a failure of the first does not keep it from the second. */
  readonly putBoth: (local: string, first: string, second: string) => Promise<Outcome>;
  /** Begins an upload, sends these bytes, and once `sent` says so, cuts the connection without a word. */
  readonly cut: (remote: string, bytes: Buffer, sent: () => Promise<void>) => Promise<void>;
  /** Logs in and stays; `ended` resolves when the server has ended it. */
  readonly stay: () => Promise<{ readonly ended: Promise<void>; readonly leave: () => void }>;
};

/** A protocol and how partners use it. */
export type ProtocolUnderTest = {
  readonly name: string;
  readonly protocol: Protocol;
  /** Settings of an endpoint on 127.0.0.1 and any free port. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly client: (place: Place) => ProtocolClient;
  /** Where the protocol wraps what it carries: the path that a name becomes, and what is in the wrapping. */
  readonly wrapped?: { readonly path: (remote: string) => string; readonly unwrap: (payload: Buffer) => Buffer };
  /** How mail is taken, where the protocol is one of mail. */
  readonly mail?: MailRules;
};

type World = {
  readonly memory: MemoryIntake;
  readonly listener: Listener;
  readonly lines: readonly string[];
  readonly client: ProtocolClient;
  readonly as: (login: string, password: string) => ProtocolClient;
  readonly file: (name: string, bytes: Buffer) => Promise<string>;
  readonly directory: string;
};

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const login = 'acme';
const password = 'correct horse battery';

const begin = async (subject: ProtocolUnderTest): Promise<World> => {
  const directory = await scratch();
  const memory = memoryIntake([{ login, password, ...(subject.mail === undefined ? {} : { mail: subject.mail }) }]);
  const context = listenerContext(memory.intake, join(directory, 'keys'));
  const opened = await subject.protocol.listen(subject.settings, context)();
  if (opened._tag === 'Left') throw new Error(opened.left.text);
  const listener = opened.right;
  onTestFinished(() => listener.close(0));
  const as = (who: string, secret: string): ProtocolClient =>
    subject.client({ ...listener.address, login: who, password: secret, directory });
  return {
    memory,
    listener,
    lines: context.lines,
    client: as(login, password),
    as,
    file: async (name, bytes) => {
      const path = join(directory, name);
      await writeFile(path, bytes);
      return path;
    },
    directory,
  };
};

/** Runs the contract. */
export const protocolContract = (subject: ProtocolUnderTest): void => {
  const { path, unwrap } = subject.wrapped ?? {
    path: (remote: string) => `/${remote}`,
    unwrap: (whole: Buffer) => whole,
  };
  const { get, list } = subject.client({ host: '', port: 0, login, password, directory: '' });
  describe(`${subject.name}, by the protocol contract`, () => {
    it.each([0, 1, 100_000, 5_000_011])('takes a file of %i bytes as it is, once', async (size) => {
      const { memory, client, file } = await begin(subject);
      const bytes = randomBytes(size);
      const outcome = await client.put(await file('orders.xml', bytes), 'orders.xml');
      expect(outcome).toMatchObject({ ok: true });
      const [taken] = memory.completed;
      expect(memory.completed.map((each) => each.path)).toEqual([path('orders.xml')]);
      expect(taken?.size).toBe(taken?.bytes.length);
      const content = unwrap(taken?.bytes ?? Buffer.from('none'));
      expect([content.length, sha256(content)]).toEqual([size, sha256(bytes)]);
      expect(memory.abandoned).toEqual([]);
    });

    it('takes files from ten clients at the same time', async () => {
      const { memory, client, file } = await begin(subject);
      const names = Array.from({ length: 10 }, (_, i) => `file-${i}`);
      const outcomes = await Promise.all(
        names.map(async (name) => client.put(await file(name, randomBytes(200_000)), name)),
      );
      expect(outcomes.filter((each) => !each.ok)).toEqual([]);
      expect(memory.completed.map((each) => each.path).sort()).toEqual(names.map(path).sort());
      await memory.until(() => memory.sessions() === 0);
    });

    it('says OK only after the upload is completed', async () => {
      const { memory, client, file } = await begin(subject);
      let release = (): void => undefined;
      let reached = (): void => undefined;
      const atTheEnd = new Promise<void>((resolve) => (reached = resolve));
      memory.before = (operation) => {
        if (operation !== 'complete') return undefined;
        reached();
        return new Promise((resolve) => (release = () => resolve(undefined)));
      };
      let told = false;
      const put = client.put(await file('orders.xml', randomBytes(1000)), 'orders.xml').then((outcome) => {
        told = true;
        return outcome;
      });
      await atTheEnd;
      expect(told).toBe(false);
      release();
      expect(await put).toMatchObject({ ok: true });
    });

    it('refuses a wrong password and an unknown login in the same words', async () => {
      const { memory, as, file } = await begin(subject);
      const local = await file('orders.xml', randomBytes(10));
      const wrong = await as(login, 'wrong').put(local, 'orders.xml');
      const unknown = await as('nobody', 'wrong').put(local, 'orders.xml');
      expect(wrong.ok).toBe(false);
      expect(unknown.ok).toBe(false);
      expect(unknown.text.replaceAll('nobody', login)).toBe(wrong.text);
      expect(memory.completed).toEqual([]);
      expect(memory.sessions()).toBe(0);
    });

    it('tells why a path is refused, and the session lives on', async () => {
      const { memory, client, file } = await begin(subject);
      const outcome = await client.putBoth(
        await file('orders.xml', randomBytes(10)),
        'missing/orders.xml',
        'orders.xml',
      );
      expect(outcome.text).toMatch(/does not exist|no such/i);
      expect(memory.completed.map((each) => each.path)).toEqual([path('orders.xml')]);
    });

    it.each(['write', 'complete'])('tells the partner when the intake refuses at %s', async (operation) => {
      const { memory, client, file } = await begin(subject);
      memory.before = (what) => (what === operation ? refusal('noSpace', 'there is no room for it') : undefined);
      const outcome = await client.put(await file('orders.xml', randomBytes(300_000)), 'orders.xml');
      expect(outcome.ok).toBe(false);
      expect(memory.completed).toEqual([]);
    });

    it('abandons the upload of a connection that is cut', async () => {
      const { memory, client } = await begin(subject);
      let written = 0;
      memory.before = (operation) => {
        if (operation === 'write') written += 1;
        return undefined;
      };
      await client.cut('orders.xml', randomBytes(20_000), () => memory.until(() => written > 0));
      await memory.until(() => memory.abandoned.length > 0);
      await memory.until(() => memory.sessions() === 0);
      expect(memory.abandoned).toEqual([path('orders.xml')]);
      expect(memory.completed).toEqual([]);
    });

    if (get === undefined || list === undefined)
      it('only takes: it asks the intake for logins and uploads, and for nothing that is there', async () => {
        const { memory, client, file } = await begin(subject);
        const asked = new Set<string>();
        memory.before = (operation) => {
          asked.add(operation);
          return undefined;
        };
        expect(await client.put(await file('orders.xml', randomBytes(10)), 'orders.xml')).toMatchObject({ ok: true });
        await memory.until(() => memory.sessions() === 0);
        expect([...asked]).toEqual(expect.arrayContaining(['login', 'upload', 'write', 'complete']));
        expect(['list', 'stat', 'download', 'remove', 'rename'].filter((each) => asked.has(each))).toEqual([]);
      });

    if (get !== undefined)
      it('gives a file as it is', async () => {
        const { memory, client, directory } = await begin(subject);
        const bytes = randomBytes(3_000_017);
        memory.home(login).putFile('/invoice.pdf', bytes);
        const local = join(directory, 'invoice.pdf');
        expect(await client.get?.('invoice.pdf', local)).toMatchObject({ ok: true });
        expect(sha256(await readFile(local))).toBe(sha256(bytes));
      });

    if (get !== undefined)
      it('says that a file is not there', async () => {
        const { client, directory } = await begin(subject);
        expect(await client.get?.('invoice.pdf', join(directory, 'invoice.pdf'))).toMatchObject({ ok: false });
      });

    if (list !== undefined)
      it('lists names and sizes', async () => {
        const { memory, client } = await begin(subject);
        for (let i = 0; i < 250; i += 1) memory.home(login).putFile(`/file-${i}.xml`, Buffer.alloc(1000 + i));
        memory.home(login).makeDirectory('/archive');
        const { ok, text = '' } = (await client.list?.('/')) ?? {};
        expect(ok).toBe(true);
        expect(text.split('\n').filter((line) => /file-\d+\.xml/.test(line))).toHaveLength(250);
        expect(text).toMatch(/\b1249\b.*file-249\.xml|file-249\.xml.*\b1249\b/);
        expect(text).toMatch(/archive/);
      });

    it('disconnects a session that must end', async () => {
      const { memory, client } = await begin(subject);
      const { ended } = await client.stay();
      expect(memory.sessions()).toBe(1);
      memory.end(login);
      await ended;
      await memory.until(() => memory.sessions() === 0);
    });

    it('takes nobody new once it closes, lets who is there go on, and ends them after the grace', async () => {
      const { memory, listener, client, file } = await begin(subject);
      const { ended, leave } = await client.stay();
      const closed = listener.close(60_000);
      expect(await client.put(await file('late', randomBytes(10)), 'late')).toMatchObject({ ok: false });
      expect(memory.sessions()).toBe(1);
      leave();
      await ended;
      await closed;
      expect(memory.sessions()).toBe(0);

      const second = await begin(subject);
      const staying = await second.client.stay();
      await second.listener.close(10);
      await staying.ended;
      expect(second.memory.sessions()).toBe(0);
    });

    it('says in its log who came and went, and no secret', async () => {
      const { memory, client, as, lines, file } = await begin(subject);
      const local = await file('orders.xml', randomBytes(10));
      await client.put(local, 'orders.xml');
      await as(login, 'not the password').put(local, 'orders.xml');
      await memory.until(() => memory.sessions() === 0);
      expect(lines.join('\n')).toMatch(/started.*"login":"acme".*127\.0\.0\.1/);
      expect(lines.join('\n')).not.toMatch(/battery|not the password/);
    });
  });
};
