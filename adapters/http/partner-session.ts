/** What we do at a partner's HTTP server: hand over one file by one request. Nothing there can be looked at. */
import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request as newRequest } from 'node:http';
import type { Socket } from 'node:net';
import { posix } from 'node:path';
import { type Failure, failing, failureIn, permanent, temporary } from '../../domain/failure.ts';
import type { PartnerPlace, PartnerSession } from '../../domain/partner.ts';
import type { Clock } from '../../domain/ports.ts';
import { attempt } from '../shared/attempt.ts';
import { closed, type Lifeline } from '../shared/lifeline.ts';
import {
  badCredentials,
  badName,
  isSayable,
  linkBroken,
  nameOf,
  notPermitted,
  outcomeUnknown,
  peerFailed,
  timeout,
} from '../shared/partner-failures.ts';
import { nothingElse } from '../shared/sends-only.ts';
import { sourced } from '../shared/source.ts';

/** What a channel says of its requests. */
export type RequestSettings = {
  readonly method: 'PUT' | 'POST';
  readonly target: string;
  readonly auth: 'basic' | 'bearer' | 'none';
  readonly headers: Readonly<Record<string, string>>;
  readonly answerTimeout: number;
};

/** An open connection and what belongs to it. */
export type Opened = {
  readonly socket: Socket;
  readonly clock: Clock;
  readonly life: Lifeline;
  readonly place: PartnerPlace;
  readonly settings: RequestSettings;
};

type File = Parameters<NonNullable<PartnerSession['handOver']>>[0];

/** How long no byte may go out (milliseconds). */
const silent = 60_000;
/** From this size on, the server is asked for leave to send; it may take so long to give it. */
const worthAsking = 1024 * 1024;
const patience = 2000;
const longestHead = 16_384;
/** So little at a time that a slow line still shows that it moves. */
const piece = 65_536;

/** Makes the session; it is good for one file. */
export const partnerSession = (opened: Opened): PartnerSession => {
  const { life, place } = opened;
  return {
    ...nothingElse('HTTP'),
    handOver: (file, bytes) =>
      attempt(
        async () => {
          if (!isSayable(file.path)) throw failing(badName(file.path));
          const why = life.why();
          if (why !== undefined) throw failing(why);
          try {
            await handOver(opened, file, bytes);
            return file.path;
          } finally {
            life.end(closed);
          }
        },
        (error) => failureIn(error) ?? linkBroken(place, error instanceof Error ? error.message : String(error)),
      ),
    close: () => {
      life.end(closed);
      return Promise.resolve();
    },
  };
};

const handOver = async (opened: Opened, file: File, bytes: AsyncIterable<Uint8Array>): Promise<void> => {
  const { life, place, settings, clock } = opened;
  const request = begin(opened, file);
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve);
    request.once('error', reject);
    request.once('close', () => reject(new Error('it was closed without an answer')));
  });
  answer.catch(() => undefined);
  let whole = false;
  try {
    whole = await send(opened, request, answer, file, bytes);
    const limit = settings.answerTimeout;
    const response = await life.within(limit, timeout(place, limit, 'the answer to the whole file'), answer);
    const failure = failureOf(opened, file, response.statusCode ?? 0);
    if (failure !== undefined) throw failing(failure);
    // Whoever still says something is let speak, for a moment.
    await new Promise<void>((resolve) => {
      const cancel = clock.after(patience, resolve);
      response
        .once('close', () => {
          cancel();
          resolve();
        })
        .resume();
    });
  } catch (error) {
    const known = failureIn(error);
    const late = known !== undefined && known === life.why() && known.code === 'timeout';
    if (known !== undefined && !late) throw error;
    // What was put twice is there once; what was posted twice may be there twice.
    if (whole && settings.method === 'POST') throw failing(outcomeUnknown(place, `posting ${file.path}`));
    throw failing(life.why() ?? linkBroken(place, error instanceof Error ? error.message : 'no reason is known'));
  } finally {
    request.destroy();
  }
};

const begin = ({ socket, place, settings }: Opened, file: File): ClientRequest => {
  const encoded = (path: string): string => path.split('/').map(encodeURIComponent).join('/');
  const values: Readonly<Record<string, string>> = {
    '{directory}': encoded(posix.dirname(file.path)).replace(/\/$/, ''),
    '{name}': encodeURIComponent(posix.basename(file.path)),
    '{id}': file.id,
  };
  const request = newRequest({
    createConnection: () => socket,
    method: settings.method,
    path: settings.target.replace(/\{(directory|name|id)\}/g, (each) => values[each] ?? each),
    maxHeaderSize: longestHead,
    insecureHTTPParser: false,
    headers: {
      'content-type': 'application/octet-stream',
      ...settings.headers,
      host: nameOf(place),
      'content-length': file.size,
      'idempotency-key': file.id,
      ...authorization(settings.auth, place),
      ...(file.size > worthAsking ? { expect: '100-continue' } : {}),
    },
  });
  request.flushHeaders();
  return request;
};

const authorization = (auth: RequestSettings['auth'], { login, credentials }: PartnerPlace) => {
  const { password } = credentials;
  if (auth === 'none' || password === undefined) return {};
  const basic = Buffer.from(`${login}:${password}`).toString('base64');
  return { authorization: auth === 'basic' ? `Basic ${basic}` : `Bearer ${password}` };
};

/** Sends the bytes, unless the answer comes before their end; answers whether the server may have all of them. */
const send = async (
  { life, place, clock }: Opened,
  request: ClientRequest,
  answer: Promise<IncomingMessage>,
  { path, size }: File,
  bytes: AsyncIterable<Uint8Array>,
): Promise<boolean> => {
  const late = timeout(place, silent, `sending ${path}`);
  let [answered, count] = [false, 0];
  const first = answer.then(
    () => {
      answered = true;
    },
    () => undefined,
  );
  if (size > worthAsking) {
    const wait = new Promise<void>((resolve) => {
      request.once('continue', resolve);
      clock.after(patience, resolve);
    });
    await Promise.race([wait, answer]);
  }
  for await (const chunk of sourced(bytes)) {
    for (let at = 0; at < chunk.length && !answered; at += piece) {
      const part = chunk.subarray(at, at + piece);
      count += part.length;
      if (!request.write(part)) await life.within(silent, late, Promise.race([once(request, 'drain'), answer]));
    }
    if (answered) break;
  }
  await Promise.race([first, Promise.resolve()]);
  if (answered) return false;
  if (count !== size) throw failing(temporary('cutShort', `${count} of ${size} bytes were there to be sent`));
  request.end();
  return true;
};

const busy: readonly number[] = [408, 409, 423, 425, 429];
const never: readonly number[] = [501, 505];

const failureOf = ({ place }: Opened, { path }: File, status: number): Failure | undefined => {
  if (status >= 200 && status < 300) return undefined;
  if (status >= 300 && status < 400)
    return permanent(
      'redirected',
      `the server at ${nameOf(place)} redirects (${status}), which is not followed: ask the partner for the address, and put it into hosts or target`,
    );
  if (status === 401 || status === 407) return badCredentials(place);
  const answer = `it answers ${status}`;
  return busy.includes(status) || (status >= 500 && !never.includes(status))
    ? peerFailed(path, answer)
    : notPermitted(path, answer);
};
