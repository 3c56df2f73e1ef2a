/** One transfer over a data connection: what begins it, and what its end is worth. */
import type { Client, FTPResponse } from 'basic-ftp';
import { FTPError } from 'basic-ftp';
import { type Failure, failing, failureIn, temporary } from '../../domain/failure.ts';
import type { PartnerPlace } from '../../domain/partner.ts';
import { closed, type Lifeline } from '../shared/lifeline.ts';
import { linkBroken, outcomeUnknown, timeout } from '../shared/partner-failures.ts';
import { sourced } from '../shared/source.ts';
import { type Data, openData, type Passive } from './passive.ts';

/** An open session and what belongs to it. */
export type Opened = {
  readonly client: Client;
  readonly life: Lifeline;
  readonly place: PartnerPlace;
  readonly features: ReadonlyMap<string, string>;
};

/** A transfer that the server has begun. `finished` settles with its last word. */
export type Begun = { readonly data: Data; readonly finished: Promise<FTPResponse> };

/** How long the server may take for an answer, and how long no byte may come (milliseconds). */
export const idle = 30_000;
const silent = 60_000;
/** So little at a time that a slow line still shows that it moves. */
const piece = 65_536;

/** Makes what begins transfers; it remembers which way the server takes data connections. */
export const beginner = ({ client, life, place }: Opened): ((command: string, start?: number) => Promise<Begun>) => {
  let ways: readonly Passive[] = ['EPSV', 'PASV'];
  return async (command, start = 0) => {
    const late = timeout(place, idle, command.slice(0, 4));
    const opened = timeout(place, idle, 'opening a data connection; look at passive ports in the firewalls between');
    const opening = openData(client, ways, (socket) => void life.whenOver(() => socket.destroy()));
    const { data, way } = await life.within(idle, opened, opening);
    ways = [way];
    const done = life.whenOver(data.abort);
    data.stream.once('close', done);
    try {
      if (start > 0) await life.within(idle, late, client.send(`REST ${start}`));
      let begun: () => void = () => undefined;
      const started = new Promise<void>((resolve) => {
        begun = resolve;
      });
      const finished = client.ftp.handle(command, (answer, task) => {
        if (answer instanceof Error) task.reject(answer);
        else if (answer.code >= 300) task.reject(new Error(`the server asks for more: ${answer.code}`));
        else if (answer.code >= 200) task.resolve(answer);
        else begun();
      }) as Promise<FTPResponse>;
      finished.catch((error: unknown) => data.stream.destroy(error instanceof Error ? error : undefined));
      await life.within(idle, late, Promise.race([started, finished]));
      await life.within(idle, late, data.ready);
      return { data, finished };
    } catch (error) {
      data.abort();
      throw error;
    }
  };
};

/** The bytes of a download; `size` is how many there must be. Ends the session where they are not read to their end. */
export async function* received(
  { life, place }: Opened,
  { data, finished }: Begun,
  size: number | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const late: Failure = temporary('linkBroken', `no byte came within ${silent / 1000} s`);
  const chunks = (data.stream as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  let [got, whole] = [0, false];
  try {
    for (;;) {
      const next = await life.within(silent, late, chunks.next());
      if (next.done === true) break;
      got += next.value.length;
      yield next.value;
    }
    if (!data.endedWell()) throw new Error('the data ended without the end of TLS');
    await life.within(idle, timeout(place, idle, 'the end of a file'), finished);
    if (size !== undefined && got !== size) throw new Error(`${got} of ${size} bytes came`);
    whole = true;
  } catch (error) {
    life.end(failureIn(error) ?? linkBroken(place, error instanceof Error ? error.message : String(error)));
    throw failing(life.why() ?? closed);
  } finally {
    if (!whole) life.end(closed);
    data.abort();
  }
}

/** Sends all bytes and waits for the server's word that it has them; answers how many there were. */
export const sent = async (
  { life, place }: Opened,
  { data, finished }: Begun,
  path: string,
  bytes: AsyncIterable<Uint8Array>,
): Promise<number> => {
  const { stream } = data;
  const late = timeout(place, silent, `writing ${path}`);
  let [count, last] = [0, false];
  try {
    // The other direction carries nothing but the end, and tickets of TLS.
    stream.resume();
    for await (const chunk of sourced(bytes)) {
      count += chunk.length;
      for (let at = 0; at < chunk.length; at += piece)
        if (!stream.write(chunk.subarray(at, at + piece))) await life.within(silent, late, settled(stream, 'drain'));
    }
    last = true;
    // Says close_notify before it ends the connection.
    stream.end();
    await life.within(silent, late, settled(stream, 'finish'));
    await life.within(silent, late, finished);
    return count;
  } catch (error) {
    // The server's own word, where it has one, tells more than a broken data connection.
    const word = await lastWord(life, finished, error);
    data.abort();
    if (word instanceof FTPError) throw word;
    const ofBytes = life.why() === undefined && failureIn(word) !== undefined;
    life.end(ofBytes ? closed : linkBroken(place, word instanceof Error ? word.message : String(word)));
    if (last) throw failing(outcomeUnknown(place, `writing ${path}`));
    throw ofBytes ? word : failing(life.why() ?? closed);
  }
};

const lastWord = async (life: Lifeline, finished: Promise<unknown>, error: unknown): Promise<unknown> => {
  if (error instanceof FTPError || failureIn(error) !== undefined) return error;
  const late = temporary('linkBroken', 'the data connection broke');
  return life.within(idle, late, finished).then(
    () => error,
    (word: unknown) => word,
  );
};

/** Waits for the event, or for the end of the stream, which is an error then. */
const settled = (stream: Data['stream'], event: 'drain' | 'finish'): Promise<void> =>
  new Promise((resolve, reject) => {
    const end = (): void => reject(stream.errored ?? new Error('the data connection ended'));
    if (stream.destroyed && !stream.writableFinished) end();
    else if (event === 'finish' && stream.writableFinished) resolve();
    else {
      const done = (): void => {
        stream.off('close', end);
        resolve();
      };
      stream.once(event, done);
      stream.once('close', () => {
        stream.off(event, done);
        end();
      });
    }
  });
