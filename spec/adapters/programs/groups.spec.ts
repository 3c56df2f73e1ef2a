import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { identityOf } from '../../../adapters/programs/process-group.ts';
import { id } from '../../support/given.ts';
import { ended, job, openPrograms, shell } from '../../support/programs.ts';
import { scratch } from '../../support/scratch.ts';
import { until } from '../../support/until.ts';

/** Runs, and is not merely waiting to be fetched by its parent. */
const runs = (pid: number): boolean =>
  existsSync(`/proc/${pid}/stat`) && !/\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
const pidIn = (file: string): Promise<number> =>
  until(`${file} names a process`, async () => Number(await readFile(file, 'utf8')) || undefined);

/** Starts a child that ignores SIGTERM and a grandchild, both of which write down who they are. */
const family = (directory: string): string => `
  sh -c 'echo $$ > ${directory}/grandchild; exec sleep 300' &
  trap '' TERM
  echo $$ > ${directory}/child
  while :; do sleep 0.05; done`;

describe('the time limit of a program', () => {
  it('ends the program and all that it has started, even what does not listen', async () => {
    const directory = await scratch();
    const { programs } = await openPrograms(directory);
    const done = ended(programs, job(shell(family(directory), { timeLimit: 300 })));
    const family_ = [await pidIn(join(directory, 'child')), await pidIn(join(directory, 'grandchild'))];
    expect(await done).toMatchObject({ exit: { kind: 'timeLimit' } });
    expect(family_.map(runs)).toEqual([false, false]);
  }, 20_000);
});

describe('what a program leaves running', () => {
  it('is ended with it', async () => {
    const directory = await scratch();
    const { programs } = await openPrograms(directory);
    const script = `sh -c 'echo $$ > ${directory}/left; exec sleep 300' & while [ ! -s ${directory}/left ]; do sleep 0.02; done`;
    expect(await ended(programs, job(shell(script)))).toMatchObject({ exit: { kind: 'code', code: 0 } });
    expect(runs(await pidIn(join(directory, 'left')))).toBe(false);
  });

  it('does not keep us waiting, where it has left the group', async () => {
    const { programs } = await openPrograms(await scratch());
    expect(await ended(programs, job(shell('setsid sleep 3 & exit 0')))).toMatchObject({
      exit: { kind: 'code', code: 0 },
    });
  });
});

describe('a server that stops', () => {
  it('ends its programs before it is gone', async () => {
    const directory = await scratch();
    const { programs } = await openPrograms(directory);
    const done = ended(programs, job(shell(`echo $$ > ${directory}/child; exec sleep 300`)));
    const child = await pidIn(join(directory, 'child'));
    await programs.close();
    expect(runs(child)).toBe(false);
    expect(await done).toMatchObject({ code: 'stopped' });
    expect(await ended(programs, job(shell(':')))).toMatchObject({ code: 'stopped' });
  });
});

describe('after a crash', () => {
  /** A program of a server that knows nothing of it any more. */
  const orphan = async (directory: string, script: string): Promise<number> => {
    const crashed = await openPrograms(directory);
    void ended(crashed.programs, job(shell(script)));
    return pidIn(join(directory, 'child'));
  };

  it('the old group is ended before the program is run again', async () => {
    const directory = await scratch();
    const old = await orphan(directory, `echo $$ > ${directory}/child; sleep 300; :`);
    const { programs } = await openPrograms(directory);
    const again = shell(`kill -0 ${old} 2>/dev/null && echo both; echo again`, { result: 'stdout' });
    expect(await ended(programs, job(again))).toMatchObject({ result: 'again\n' });
    expect(runs(old)).toBe(false);
  });

  it('its processes are found by their environment, too, when the crash came before anything was written down', async () => {
    const directory = await scratch();
    const script = `rm -f leader; (while :; do rm -f leader; sleep 0.01; done) & echo $$ > ${directory}/child; wait`;
    const old = await orphan(directory, script);
    const { programs } = await openPrograms(directory);
    expect(await ended(programs, job(shell(':')))).toMatchObject({ exit: { code: 0 } });
    expect(runs(old)).toBe(false);
  });

  it('another process that has the number by now is left alone', async () => {
    const [directory, other] = [await scratch(), await scratch()];
    const bystander = await orphan(other, `echo $$ > ${other}/child; exec sleep 300`);
    const leader = await identityOf(bystander);
    await mkdir(join(directory, 'run', id), { recursive: true });
    await writeFile(join(directory, 'run', id, 'leader'), JSON.stringify({ ...leader, started: '1' }));
    const { programs } = await openPrograms(directory);
    expect(await ended(programs, job(shell(':')))).toMatchObject({ exit: { code: 0 } });
    expect(runs(bystander)).toBe(true);
  });
});
