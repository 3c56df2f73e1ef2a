/** Fetching payloads from another of our servers over FTP, where the intranet knows no SSH: one login a fetch, with a ticket that its link gave. */
import { PassThrough } from 'node:stream';
import { Client, FTPError } from 'basic-ftp';
import { isLeft } from 'fp-ts/lib/Either.js';
import { type Attempt, type Failure, failing, failureIn, permanent, temporary } from '../../domain/failure.ts';
import type { Clock, PayloadSource } from '../../domain/ports.ts';
import { attempt } from '../shared/attempt.ts';
import { codeOf } from '../shared/failing.ts';

/** Who we are, where the others are, and how they give tickets. */
export type FtpSourceOptions = {
  readonly node: string;
  readonly placeOf: (node: string) => { readonly host: string; readonly port: number } | undefined;
  readonly ticket: (node: string, key: string) => Attempt<string>;
  readonly clock: Clock;
};

/** A login that is open; whatever ends it first is the failure of all that waits for it. */
type Login = {
  readonly client: Client;
  readonly end: (failure: Failure) => void;
  readonly why: () => Failure | undefined;
};

const dead = 30_000;

/** Makes the source; nothing is opened before something is fetched. `close` breaks running fetches off. */
export const ftpSource = (
  options: FtpSourceOptions,
): { readonly payload: PayloadSource; readonly close: () => Promise<void> } => {
  const { node: user, placeOf, ticket, clock } = options;
  const running = new Set<Login>();

  const login = (): Login => {
    // The deadlines are ours.
    const client = new Client(0);
    let why: Failure | undefined;
    const self: Login = {
      client,
      why: () => why,
      end: (failure) => {
        running.delete(self);
        why ??= failure;
        client.close();
      },
    };
    running.add(self);
    return self;
  };

  const payload: PayloadSource = (node, key, start) =>
    attempt(async () => {
      const place = placeOf(node);
      if (place === undefined) throw failing(permanent('unknownPeer', `${node} is not in messageService.peers`));
      const given = await ticket(node, key)();
      if (isLeft(given)) throw failing(given.left);
      const open = login();
      const late = temporary('timeout', `${place.host}:${place.port} does not answer; look at the firewall between`);
      const cancel = clock.after(dead, () => open.end(late));
      try {
        await open.client.access({ ...place, user, password: given.right });
        const size = await open.client.size(`/${key}`);
        return { size, bytes: bytesOf(open, `/${key}`, start, clock) };
      } catch (error) {
        const failure = open.why() ?? explain(node, place, error);
        open.end(failure);
        throw failing(failure);
      } finally {
        cancel();
      }
    }, failureOf);

  return {
    payload,
    close: () => {
      for (const open of running) open.end(temporary('stopped', 'this server stops'));
      return Promise.resolve();
    },
  };
};

const failureOf = (error: unknown): Failure =>
  failureIn(error) ?? temporary('linkBroken', error instanceof Error ? error.message : String(error));

const explain = (node: string, place: { readonly host: string; readonly port: number }, error: unknown): Failure => {
  const where = `${place.host}:${place.port}`;
  if (error instanceof FTPError) {
    if (error.code === 530)
      return temporary('notAdmitted', `${node} does not let this server in at ${where}; its log says why`);
    if (error.code === 550) return permanent('notFound', `${node} has no such payload`);
    return temporary('peerFailed', `${node} does not give the payload (FTP reply ${error.code})`);
  }
  const code = codeOf(error);
  if (code === undefined) return temporary('linkBroken', `the FTP connection to ${node} at ${where} broke`);
  return temporary(
    'noFetchEndpoint',
    `nothing answers at ${where}, where payloads of ${node} are fetched over FTP (${code}): ` +
      'set fetch.ftp on dmz, and messageService.peers[].fetch or fetchVia on inner; look at the firewall between',
  );
};

/** The bytes as they come; ends the login however the reading ends. */
async function* bytesOf(
  open: Login,
  path: string,
  start: number,
  clock: Clock,
): AsyncGenerator<Uint8Array, void, undefined> {
  const through = new PassThrough({ highWaterMark: 1024 * 1024 });
  const done = open.client.downloadTo(through, path, start);
  // It ends the stream also where it fails, so the end alone says nothing.
  done.catch((error: unknown) => through.destroy(error instanceof Error ? error : undefined));
  const chunks = (through as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  const silent = temporary('linkBroken', `no byte came within ${dead / 1000} s`);
  try {
    for (;;) {
      const cancel = clock.after(dead, () => open.end(silent));
      const next = await chunks.next().finally(cancel);
      if (next.done === true) break;
      yield next.value;
    }
    await done;
  } catch (error) {
    throw failing(open.why() ?? temporary('linkBroken', `the FTP connection broke: ${String(error)}`));
  } finally {
    open.end(temporary('closed', 'it was closed'));
    through.destroy();
  }
}
