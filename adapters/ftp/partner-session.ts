/** What we do at a partner's FTP server, one command after the other (RFC 959, RFC 3659). */
import { posix } from 'node:path';
import { FTPError, type FTPResponse, parseList } from 'basic-ftp';
import { type Attempt, type Failure, failing, failureIn, temporary } from '../../domain/failure.ts';
import {
  isPartnerFileName,
  mostFiles,
  type PartnerFile,
  type PartnerListing,
  type PartnerSession,
} from '../../domain/partner.ts';
import { attempt } from '../shared/attempt.ts';
import { closed } from '../shared/lifeline.ts';
import {
  badName,
  exists,
  isSayable,
  linkBroken,
  nameOf,
  notFound,
  notPermitted,
  otherSize,
  outcomeUnknown,
  peerFailed,
  timeout,
  tooMany,
} from '../shared/partner-failures.ts';
import { beginner, idle, type Opened, received, sent } from './carry.ts';

/** A listing of more bytes than this is not read to its end. */
const longestListing = 32 * 1024 * 1024;
const longestLine = 4096;

/** Makes the session. */
export const partnerSession = (opened: Opened): PartnerSession => {
  const { client, life, place, features } = opened;
  const begin = beginner(opened);
  const ask = (command: string): Promise<FTPResponse> =>
    life.within(idle, timeout(place, idle, command.slice(0, 4)), client.send(command));
  const on = <A>(path: string, run: () => Promise<A>): Attempt<A> =>
    attempt(
      () => {
        if (!isSayable(path)) throw failing(badName(path));
        const why = life.why();
        if (why !== undefined) throw failing(why);
        return run();
      },
      (error) => failureOf(opened, path, error),
    );
  /** A question to which a refusal is an answer: there is none. */
  const perhaps = async (command: string, answer: RegExp): Promise<string | undefined> => {
    try {
      return answer.exec((await ask(command)).message)?.[1];
    } catch (error) {
      if (error instanceof FTPError && error.code >= 500) return undefined;
      throw error;
    }
  };
  const sizeOf = async (path: string): Promise<number | undefined> => {
    const size = await perhaps(`SIZE ${path}`, /^213 (\d{1,16})\b/);
    return size === undefined ? undefined : Number(size);
  };
  const timeOf = async (path: string): Promise<number | undefined> =>
    timeIn(await perhaps(`MDTM ${path}`, /^213 (\d{14})/));
  const look = async (path: string): Promise<PartnerFile | undefined> => {
    const size = await sizeOf(path);
    return size === undefined ? undefined : { path, name: posix.basename(path), size, modified: await timeOf(path) };
  };
  /** A command that must not be done twice: without an answer nobody knows. A refusal is told apart by looking. */
  const askOnce = async (command: string, path: string, what: string): Promise<void> => {
    try {
      await ask(command);
    } catch (error) {
      if (!(error instanceof FTPError)) throw failing(outcomeUnknown(place, `${what} ${path}`));
      throw error.code === 550 && (await sizeOf(path)) === undefined ? failing(notFound(path)) : error;
    }
  };

  return {
    list: (directory) =>
      on(directory, async () => {
        // Gone to first: as an argument, servers take blanks and brackets for their own.
        await ask(`CWD ${directory}`).catch((error: unknown) => {
          throw error instanceof FTPError && error.code === 550 ? failing(notFound(directory)) : error;
        });
        const exact = features.has('MLST');
        const parts: Uint8Array[] = [];
        let length = 0;
        for await (const part of received(opened, await begin(exact ? 'MLSD' : 'LIST'), undefined)) {
          length += part.length;
          if (length > longestListing) throw failing(tooMany(directory, mostFiles));
          parts.push(part);
        }
        const found = filesIn(Buffer.concat(parts).toString(), directory);
        if (exact) return found;
        // A LIST tells times without zone, year or seconds, and names as it likes.
        const files: PartnerFile[] = [];
        for (const file of found.files) {
          const modified = await timeOf(file.path);
          if (modified !== undefined || !features.has('MDTM')) files.push({ ...file, modified });
        }
        return { files, skipped: found.skipped + found.files.length - files.length };
      }),
    look: (path) => on(path, () => look(path)),
    read: (path, start) =>
      on(path, async () => {
        const size = await sizeOf(path);
        const begun = await begin(`RETR ${path}`, start).catch((error: unknown) => {
          throw error instanceof FTPError && error.code === 550 && size === undefined ? failing(notFound(path)) : error;
        });
        return received(opened, begun, size === undefined ? undefined : Math.max(0, size - start));
      }),
    write: (path, bytes) =>
      on(path, async () => {
        const count = await sent(opened, await begin(`STOR ${path}`), path, bytes);
        const there = await sizeOf(path);
        if (there !== undefined && there !== count) throw failing(otherSize(path, there, count));
      }),
    rename: (from, to) =>
      on(from, async () => {
        if (!isSayable(to)) throw failing(badName(to));
        // Looked at first: many servers replace without a word.
        if ((await sizeOf(to)) !== undefined) throw failing(exists(to));
        await ask(`RNFR ${from}`).catch((error: unknown) => {
          throw error instanceof FTPError && error.code === 550 ? failing(notFound(from)) : error;
        });
        await askOnce(`RNTO ${to}`, from, 'renaming');
      }),
    remove: (path) => on(path, () => askOnce(`DELE ${path}`, path, 'removing')),
    close: () => {
      life.end(closed);
      return Promise.resolve();
    },
  };
};

const timeIn = (digits: string | undefined): number | undefined => {
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(digits ?? '');
  if (match === null) return undefined;
  const [year = 0, month = 0, ...rest] = match.slice(1).map(Number);
  return Date.UTC(year, month - 1, ...rest);
};

/** The plain files of a listing. */
const filesIn = (text: string, directory: string): PartnerListing => {
  const lines = text.split(/\r?\n/).filter((line) => line !== '');
  if (lines.length > mostFiles) throw failing(tooMany(directory, mostFiles));
  const sane = lines.filter((line) => line.length <= longestLine);
  const plain = parseList(sane.join('\n')).filter((each) => each.isFile && each.name !== '.' && each.name !== '..');
  const files = plain
    .filter((each) => isPartnerFileName(each.name))
    .map(({ name, size, modifiedAt }) => ({
      path: posix.join(directory, name),
      name,
      size,
      modified: modifiedAt?.getTime(),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return { files, skipped: plain.length - files.length + lines.length - sane.length };
};

const failureOf = ({ life, place }: Opened, path: string, error: unknown): Failure => {
  const known = failureIn(error);
  if (known !== undefined) return known;
  if (!(error instanceof FTPError)) {
    life.end(linkBroken(place, error instanceof Error ? error.message : String(error)));
    return life.why() ?? closed;
  }
  if (error.code === 421) {
    life.end(temporary('busy', `the server at ${nameOf(place)} ended the session`));
    return life.why() ?? closed;
  }
  return error.code < 500 || error.code === 552 ? peerFailed(path, error.message) : notPermitted(path, error.message);
};
