/** LIST, NLST, MLSD, MLST and STAT of a path. */
import { pipeline } from 'node:stream/promises';
import { isLeft, left, right } from 'fp-ts/lib/Either.js';
import { refusal } from '../../domain/failure.ts';
import { globMatches } from '../../domain/glob.ts';
import type { Answer, Entry } from '../../domain/intake.ts';
import { baseName, parentOf } from '../../domain/path.ts';
import { reply } from '../shared/replies.ts';
import { answered, at, type Dialogue, takeData, type Verb } from './dialogue.ts';
import { factLine, longLine } from './formats.ts';
import { common, listing, type Reply } from './replies.ts';
import { transfer } from './transfer.ts';

const linesAtOnce = 500;
/** More do not belong on the control connection. */
const mostInReply = 5000;

/** What a path names: the entries of a directory, or the file itself. */
const entriesAt =
  ({ session }: Dialogue, path: string): Answer<readonly Entry[]> =>
  async () => {
    const found = await session().stat(path)();
    if (isLeft(found)) return found;
    return found.right.kind === 'directory' ? session().list(path)() : right([found.right]);
  };

/** What a pattern in the last part of a path names; classic clients leave `mget *.xml` to the server. */
const entriesLike =
  ({ session }: Dialogue, path: string): Answer<readonly Entry[]> =>
  async () => {
    const all = await session().list(parentOf(path))();
    if (isLeft(all)) return all;
    const like = all.right.filter((entry) => globMatches(baseName(path), entry.name));
    return like.length > 0 ? right(like) : left(refusal('notFound', 'no file has such a name'));
  };

const listed = (dialogue: Dialogue, argument: string, then: (entries: readonly Entry[]) => Promise<Reply> | Reply) =>
  at(dialogue, argument, async (path) => {
    const found = await dialogue.ask(entriesAt(dialogue, path));
    const pattern = isLeft(found) && found.left.reason === 'notFound' && /[*?]/.test(baseName(path));
    const answer: Answer<readonly Entry[]> = pattern ? entriesLike(dialogue, path) : () => Promise.resolve(found);
    return answered(dialogue, answer, then);
  });

/** Options as of `ls` mean nothing here, but a file may well begin with a dash. */
const withoutOptions = async (dialogue: Dialogue, argument: string): Promise<string> => {
  const rest = argument.replace(/^(?:-[A-Za-z0-9]+(?: +|$))+/, '');
  if (rest === argument) return argument;
  const literal = await at(dialogue, argument, (path) =>
    answered(dialogue, dialogue.session().stat(path), () => common.done),
  );
  return literal === common.done ? argument : rest;
};

const overData = async (dialogue: Dialogue, argument: string, line: (entry: Entry) => string): Promise<Reply> => {
  dialogue.restart = 0;
  const channel = takeData(dialogue);
  if (channel === undefined) return common.noData;
  try {
    return await listed(dialogue, argument, (entries) => {
      const pieces = function* (): Generator<string> {
        for (let i = 0; i < entries.length; i += linesAtOnce) {
          yield entries
            .slice(i, i + linesAtOnce)
            .map((entry) => `${line(entry)}\r\n`)
            .join('');
          dialogue.onActivity();
        }
      };
      return transfer(dialogue, channel, 'Here comes the list.', async (socket) => {
        await pipeline(pieces, socket);
        return reply(226, `Done: ${entries.length} entries.`);
      });
    });
  } finally {
    channel.close();
  }
};

const long: Verb['run'] = async (dialogue, argument) => {
  const now = dialogue.context.clock.now();
  return overData(dialogue, await withoutOptions(dialogue, argument), (entry) => longLine(entry, now));
};

/** A name is told so that RETR takes it as it stands: with its directory, unless it was the directory that was asked for. */
const names: Verb['run'] = async (dialogue, argument) => {
  const named = await withoutOptions(dialogue, argument);
  const found = await at(dialogue, named, (path) =>
    answered(dialogue, dialogue.session().stat(path), ({ kind }) =>
      kind === 'directory' ? common.done : common.badArgument,
    ),
  );
  const directory = found === common.done ? '' : named.slice(0, named.lastIndexOf('/') + 1);
  return overData(dialogue, named, (entry) => `${directory}${entry.name}`);
};

/** Only directories have such a list (RFC 3659, section 7.2). */
const facts: Verb['run'] = (dialogue, argument) =>
  at(dialogue, argument, (path) =>
    answered(dialogue, dialogue.session().stat(path), ({ kind }) =>
      kind === 'directory'
        ? overData(dialogue, path, (entry) => factLine(entry, entry.name, dialogue.facts))
        : reply(501, 'This is a file; MLST tells of it.'),
    ),
  );

const oneFact: Verb['run'] = (dialogue, argument) =>
  at(dialogue, argument, (path) =>
    answered(dialogue, dialogue.session().stat(path), (entry) =>
      listing(250, 'Facts:', [` ${factLine(entry, path, dialogue.facts)}`]),
    ),
  );

/** The same as LIST, over the control connection; without a path, how things stand. */
const status: Verb['run'] = async (dialogue, argument) => {
  if (argument === '') return standing(dialogue);
  if (!dialogue.loggedIn()) return common.loginFirst;
  const now = dialogue.context.clock.now();
  return listed(dialogue, await withoutOptions(dialogue, argument), (entries) =>
    entries.length > mostInReply
      ? reply(504, `There are ${entries.length} entries; LIST tells them.`)
      : listing(
          213,
          'Status:',
          entries.map((entry) => longLine(entry, now)),
        ),
  );
};

const standing = ({ user, loggedIn, cwd, transfer }: Dialogue): Reply =>
  listing(211, 'Status:', [
    loggedIn() ? ` Logged in as ${reply(211, user ?? '').text}` : ' Not logged in',
    ` Directory ${cwd}; TYPE and STRU change nothing: bytes go as they are`,
    transfer === undefined ? ' No transfer runs' : ` A transfer runs: ${transfer.bytes} bytes so far`,
  ]);

export const listingVerbs: Readonly<Record<string, Verb>> = {
  LIST: { syntax: '{{cmd}} [<path>]', description: 'List a directory as ls -l does', run: long },
  NLST: { syntax: '{{cmd}} [<path>]', description: 'List the names in a directory', run: names },
  MLSD: { syntax: '{{cmd}} [<path>]', description: 'List a directory for programs', run: facts },
  MLST: { syntax: '{{cmd}} [<path>]', description: 'Tell the facts of one entry', run: oneFact },
  STAT: {
    syntax: '{{cmd}} [<path>]',
    description: 'Tell how things stand, also during a transfer',
    free: true,
    run: status,
  },
};
