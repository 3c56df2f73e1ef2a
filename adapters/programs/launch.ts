/** One program's life: started in a group of its own, watched, and ended with all that it has started. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, createWriteStream, openSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { failing, failureIn, permanent, temporary } from '../../domain/failure.ts';
import type { Clock, ProgramJob } from '../../domain/ports.ts';
import type { ProgramExit } from '../../domain/processing.ts';
import { codeOf } from '../shared/failing.ts';
import { graceMs, type Place, recordLeader, tooLarge } from './place.ts';
import { endGroup, identityOf } from './process-group.ts';
import { tailOf } from './tail.ts';

type Child = ChildProcessByStdio<null, Readable, Readable>;
/** How it ended, and the tails of what it said; `output` is empty where standard output is the result. */
export type Launched = { readonly exit: ProgramExit; readonly output: string; readonly errors: string };

/** Runs the program and answers when nothing of its group is left. What it prints goes to `place.printed` where it is the result. */
export const launch = async (
  job: ProgramJob,
  place: Place,
  environment: Readonly<Record<string, string>>,
  clock: Clock,
  signal: AbortSignal,
): Promise<Launched> => {
  const { step } = job;
  const child = await start(step.command, step.directory ?? place.directory, place, environment);
  // Nothing may be waited for before all of this: a quick program's end, and what it said, would be lost.
  const exited = once(child, 'exit') as Promise<[code: number | null, by: NodeJS.Signals | null]>;
  const closed = once(child, 'close');
  for (const each of [exited, closed]) each.catch(() => undefined);
  const group = child.pid ?? 0;
  const errors = tailOf(child.stderr);
  const output = step.result === 'stdout' ? undefined : tailOf(child.stdout);
  const printed = output === undefined ? printTo(place, child.stdout, step.maxResult) : Promise.resolve();
  const launched = (exit: ProgramExit): Launched => ({ exit, output: output?.text() ?? '', errors: errors.text() });
  let cut: 'timeLimit' | 'stopped' | 'tooLarge' | undefined;
  let ending: Promise<boolean> | undefined;
  const end = (why?: typeof cut): void => {
    cut ??= why;
    ending ??= endGroup(group, graceMs);
  };
  const stop = (): void => end('stopped');
  printed.catch(() => end('tooLarge'));
  signal.addEventListener('abort', stop);
  if (signal.aborted) stop();
  const cancel = clock.after(step.timeLimit, () => end('timeLimit'));
  try {
    await recordLeader(place, await identityOf(group));
    const [code, by] = await exited;
    cancel();
    // Whatever it has left in its group would write into a directory that is about to go.
    end();
    if ((await ending) !== true)
      throw failing(temporary('stillRunning', `${step.command[0]} (process group ${group}) cannot be ended`));
    await lastWords(child, closed, clock);
    if (cut === 'stopped') throw failing(temporary('stopped', 'this server stops'));
    if (cut === 'timeLimit') return launched({ kind: 'timeLimit' });
    await printed;
    return launched(exitOf(code, by));
  } finally {
    cancel();
    signal.removeEventListener('abort', stop);
    end();
    await ending;
  }
};

const start = async (
  [program, ...args]: ProgramJob['step']['command'],
  directory: string,
  place: Place,
  environment: Readonly<Record<string, string>>,
): Promise<Child> => {
  if (!(await stat(directory).catch(() => undefined))?.isDirectory())
    throw failing(permanent('noProgram', `${program} cannot work in ${directory}: there is no such directory`));
  const input = openSync(place.payload, 'r');
  try {
    const stdio: ['pipe' | number, 'pipe', 'pipe'] = [input, 'pipe', 'pipe'];
    const child = spawn(program, args, { cwd: directory, env: environment, detached: true, stdio });
    if (child.pid === undefined) throw (await once(child, 'error'))[0];
    return child as unknown as Child;
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    const text = `${program} cannot be started (${code})`;
    throw failing(
      ['EAGAIN', 'ENOMEM', 'EMFILE', 'ENFILE'].includes(code)
        ? temporary('unavailable', text)
        : permanent('noProgram', `${text}; is it there, and executable?`),
    );
  } finally {
    closeSync(input);
  }
};

const printTo = (place: Place, stream: Readable, most: number): Promise<void> => {
  let size = 0;
  const bounded = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      size += chunk.length;
      if (size > most) done(failing(tooLarge(most)));
      else done(null, chunk);
    },
  });
  return pipeline(stream, bounded, createWriteStream(place.printed, { flags: 'wx', mode: 0o600 }));
};

/** Its pipes close when nobody holds them any more; one who has left the group may hold them for ever. */
const lastWords = async (child: Child, closed: Promise<unknown>, clock: Clock): Promise<void> => {
  const cancel = clock.after(1_000, () => {
    child.stdout.destroy();
    child.stderr.destroy();
  });
  await closed.finally(cancel);
};

const exitOf = (code: number | null, by: string | null): ProgramExit =>
  by === null ? { kind: 'code', code: code ?? 0 } : { kind: 'signal', signal: by };

/** The failure behind a broken pipe into our own file. */
export const explain = (program: string) => (error: unknown) => {
  const carried = failureIn(error);
  if (carried !== undefined) return carried;
  const code = codeOf(error);
  if (code === undefined) throw error;
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return temporary('noSpace', `there is no space left on the disk for what ${program} works on`);
  return temporary('unavailable', `${program} could not be run (${code})`);
};
