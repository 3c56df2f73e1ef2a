/** Verbs on names: directories, renaming, removing, sizes and times. */

import { reply } from '../shared/replies.ts';
import type { Dialogue } from './dialogue.ts';
import { answered, at, type Verb } from './dialogue.ts';
import { quoted, timeIn, timeValue } from './formats.ts';
import { common, type Reply } from './replies.ts';

const change: Verb['run'] = (dialogue, argument) =>
  at(dialogue, argument, (path) =>
    answered(dialogue, dialogue.session().stat(path), ({ kind }) => {
      if (kind !== 'directory') return reply(550, 'This is a file, not a directory.');
      dialogue.cwd = path;
      return reply(250, `Now in ${path}`);
    }),
  );

const make: Verb['run'] = (dialogue, argument) =>
  at(dialogue, argument, (path) =>
    answered(dialogue, dialogue.session().makeDirectory(path), () => ({ code: 257, text: `${quoted(path)} is made.` })),
  );

const removeDirectory: Verb['run'] = (dialogue, argument) =>
  at(dialogue, argument, (path) => answered(dialogue, dialogue.session().removeDirectory(path), () => common.done));

const remove: Verb['run'] = (dialogue, argument) =>
  at(dialogue, argument, (path) => answered(dialogue, dialogue.session().remove(path), () => common.done));

const renameFrom: Verb['run'] = (dialogue, argument) =>
  at(dialogue, argument, (path) =>
    answered(dialogue, dialogue.session().stat(path), () => {
      dialogue.renameFrom = path;
      return reply(350, 'And to which name? RNTO tells it.');
    }),
  );

/** What stands at the new name already is replaced: that is what FTP clients count on. */
const renameTo: Verb['run'] = (dialogue, argument) => {
  const from = dialogue.renameFrom;
  dialogue.renameFrom = undefined;
  if (from === undefined) return reply(503, 'RNFR comes first.');
  return at(dialogue, argument, (to) =>
    answered(dialogue, dialogue.session().rename(from, to, { replace: true }), () => common.done),
  );
};

const size: Verb['run'] = (dialogue, argument) =>
  at(dialogue, argument, (path) =>
    answered(dialogue, dialogue.session().stat(path), (entry) =>
      entry.kind === 'file' ? reply(213, String(entry.size)) : reply(550, 'A directory has no size.'),
    ),
  );

const modified: Verb['run'] = (dialogue, argument) =>
  at(dialogue, argument, (path) =>
    answered(dialogue, dialogue.session().stat(path), (entry) => reply(213, timeValue(entry.modified))),
  );

const setTime = (dialogue: Dialogue, time: number, name: string, done: Reply): Promise<Reply> =>
  at(dialogue, name, (path) => answered(dialogue, dialogue.session().setModified(path, time), () => done));

/** draft-somers-ftp-mfxx-04, section 3. */
const modify: Verb['run'] = (dialogue, argument) => {
  const [, digits = '', name = ''] = /^(\S+) ([\s\S]+)$/.exec(argument) ?? [];
  const time = timeIn(digits);
  return time === undefined
    ? common.badArgument
    : setTime(dialogue, time, name, { code: 213, text: `Modify=${timeValue(time)}; ${name}` });
};

/** Modes mean nothing here; both forms of UTIME that clients use set the time of the last change. */
const site: Verb['run'] = (dialogue, argument) => {
  if (/^CHMOD [0-7]{3,4} ./i.test(argument)) return reply(200, 'Modes mean nothing here; nothing was changed.');
  const short = /^UTIME (\d{12,14}) ([\s\S]+)$/i.exec(argument);
  const full = /^UTIME ([\s\S]+) \d{14} (\d{14}) \d{14} UTC$/i.exec(argument);
  const time = timeIn(full?.[2] ?? short?.[1] ?? '');
  const name = full?.[1] ?? short?.[2];
  return time === undefined || name === undefined
    ? reply(504, 'Of SITE there are CHMOD and UTIME.')
    : setTime(dialogue, time, name, reply(200, 'Done.'));
};

const verbs: Readonly<Record<string, Verb>> = {
  CWD: { syntax: '{{cmd}} <path>', description: 'Go to a directory', run: change },
  CDUP: { syntax: '{{cmd}}', description: 'Go one directory up', run: (dialogue) => change(dialogue, '..') },
  PWD: {
    syntax: '{{cmd}}',
    description: 'Tell the directory',
    run: ({ cwd }) => ({ code: 257, text: `${quoted(cwd)} is the directory.` }),
  },
  MKD: { syntax: '{{cmd}} <path>', description: 'Make a directory', run: make },
  RMD: { syntax: '{{cmd}} <path>', description: 'Remove an empty directory', run: removeDirectory },
};

export const nameVerbs: Readonly<Record<string, Verb>> = {
  ...verbs,
  // The older names of the same (RFC 1123, section 4.1.3.1).
  ...Object.fromEntries(Object.entries(verbs).map(([name, verb]) => [name === 'CDUP' ? 'XCUP' : `X${name}`, verb])),
  DELE: { syntax: '{{cmd}} <path>', description: 'Remove a file', run: remove },
  RNFR: { syntax: '{{cmd}} <path>', description: 'Rename, which file', run: renameFrom },
  RNTO: {
    syntax: '{{cmd}} <path>',
    description: 'Rename, to which name; a file of that name is replaced',
    run: renameTo,
  },
  SIZE: { syntax: '{{cmd}} <path>', description: 'Tell the bytes of a file', run: size },
  MDTM: { syntax: '{{cmd}} <path>', description: 'Tell when a file was last changed, in UTC', run: modified },
  MFMT: { syntax: '{{cmd}} <time> <path>', description: 'Set when a file was last changed, in UTC', run: modify },
  SITE: { syntax: '{{cmd}} <CHMOD|UTIME> ...', description: 'Set modes (ignored) or times', run: site },
};
