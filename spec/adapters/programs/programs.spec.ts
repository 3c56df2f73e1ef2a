import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { whyNotRunnable } from '../../../adapters/programs/probe.ts';
import { id } from '../../support/given.ts';
import { ended, job, openPrograms, shell } from '../../support/programs.ts';
import { scratch } from '../../support/scratch.ts';

describe('a program', () => {
  it('gets the payload on its standard input and as a file of its own', async () => {
    const { programs } = await openPrograms(await scratch());
    const script = 'cat; cat "$SALLYPORT_PAYLOAD"; echo more >> "$SALLYPORT_PAYLOAD"';
    expect(await ended(programs, job(shell(script, { result: 'stdout' })))).toEqual({
      exit: { kind: 'code', code: 0 },
      said: '',
      result: 'payload\npayload\n',
    });
  });

  it('gives what it prints, or writes to its result file, or nothing', async () => {
    const { programs } = await openPrograms(await scratch());
    const script = 'echo printed; echo written > "$SALLYPORT_RESULT"';
    for (const [result, given] of [
      ['stdout', 'printed\n'],
      ['file', 'written\n'],
      ['keep', undefined],
    ] as const)
      expect(await ended(programs, job(shell(script, { result })))).toMatchObject({ result: given });
  });

  it('gets PATH, HOME and LANG of ours, what it must know of the transfer, and nothing else', async () => {
    const directory = await scratch();
    const ours = { PATH: '/usr/bin:/bin', HOME: '/root', LANG: 'C', SECRET: 'x', NODE_OPTIONS: '--no-warnings' };
    const { programs } = await openPrograms(directory, ours);
    const done = await ended(programs, job({ ...shell(''), command: ['env'], result: 'stdout' }));
    const place = join(directory, 'run', id);
    expect('result' in done && done.result?.trim().split('\n').sort()).toEqual([
      'HOME=/root',
      'LANG=C',
      'PATH=/usr/bin:/bin',
      'SALLYPORT_ATTEMPT=3',
      'SALLYPORT_CHANNEL=acme',
      'SALLYPORT_NAME=a b.xml',
      `SALLYPORT_PAYLOAD=${place}/payload`,
      `SALLYPORT_RESULT=${place}/result`,
      'SALLYPORT_RUN=2',
      `SALLYPORT_TRANSFER=${id}`,
    ]);
  });

  it('works in a private directory that is gone afterwards, or where the profile says', async () => {
    const [directory, elsewhere] = [await scratch(), await scratch()];
    const { programs } = await openPrograms(directory);
    const where = shell('touch junk; pwd', { result: 'stdout' });
    expect(await ended(programs, job(where))).toMatchObject({ result: `${join(directory, 'run', id)}\n` });
    expect(await readdir(join(directory, 'run'))).toEqual([]);
    expect(await ended(programs, job({ ...where, directory: elsewhere }))).toMatchObject({ result: `${elsewhere}\n` });
    expect(await readdir(elsewhere)).toEqual(['junk']);
  });

  it.each([1, 75])(
    'that fails tells its exit code %d and the last line of its complaint, and gives no result',
    async (code) => {
      const { programs, logged } = await openPrograms(await scratch());
      const script = `echo first >&2; printf 'no \\033[31mroute\\n\\n' >&2; echo half; exit ${code}`;
      expect(await ended(programs, job(shell(script, { result: 'stdout' })))).toEqual({
        exit: { kind: 'code', code },
        said: 'no \\u001b[31mroute',
        result: undefined,
      });
      expect(logged.join('\n')).toMatch(/warn {2}a program failed .*first/);
    },
  );

  it('that is killed tells by what', async () => {
    const { programs } = await openPrograms(await scratch());
    expect(await ended(programs, job(shell('kill -9 $$')))).toMatchObject({
      exit: { kind: 'signal', signal: 'SIGKILL' },
    });
  });

  it('may say as much as it likes: the tail is kept', async () => {
    const { programs, logged } = await openPrograms(await scratch());
    const flood =
      'head -c 100000000 /dev/zero | tr "\\0" x; head -c 100000000 /dev/zero | tr "\\0" y >&2; echo end >&2; exit 1';
    const before = process.memoryUsage().rss;
    const done = await ended(programs, job(shell(flood)));
    expect('said' in done && done.said).toMatch(/^y+…$/);
    expect(process.memoryUsage().rss - before).toBeLessThan(120_000_000);
    expect(logged.join('').length).toBeLessThan(10_000);
  });

  it('is ended where its result grows beyond the bound, for good', async () => {
    const { programs } = await openPrograms(await scratch());
    for (const [result, script] of [
      ['stdout', 'yes'],
      ['file', 'head -c 2000 /dev/zero > "$SALLYPORT_RESULT"'],
    ] as const)
      expect(await ended(programs, job(shell(script, { result, maxResult: 1000 })))).toMatchObject({
        lasting: 'permanent',
        code: 'tooLarge',
      });
  });

  it('has no result where it wrote none, or left a link to another file', async () => {
    const { programs } = await openPrograms(await scratch());
    for (const script of [':', 'ln -s /etc/passwd "$SALLYPORT_RESULT"', 'mkdir "$SALLYPORT_RESULT"'])
      expect(await ended(programs, job(shell(script, { result: 'file' })))).toMatchObject({ code: 'noResult' });
  });

  it('that cannot be started is a failure for good, and says what to look at', async () => {
    const { programs } = await openPrograms(await scratch());
    const step = shell('');
    expect(await ended(programs, job({ ...step, command: ['/no/such/program'] }))).toMatchObject({
      lasting: 'permanent',
      code: 'noProgram',
      text: '/no/such/program cannot be started (ENOENT); is it there, and executable?',
    });
    expect(await ended(programs, job({ ...step, directory: '/no/such' }))).toMatchObject({ code: 'noProgram' });
  });

  it('waits for its turn when sixteen run', async () => {
    const { programs } = await openPrograms(await scratch());
    const transfer = (i: number) => `01hzzzzzzzzzzzzzzzzzzzzz${String(i).padStart(2, '0')}`;
    const stop = new AbortController();
    const hanging = Array.from({ length: 16 }, (_, i) =>
      ended(programs, { ...job(shell('exec sleep 60')), transfer: transfer(i) }, stop.signal),
    );
    expect(await ended(programs, { ...job(shell(':')), transfer: transfer(16) })).toMatchObject({ code: 'noSlot' });
    stop.abort();
    for (const each of await Promise.all(hanging))
      expect(each).toMatchObject({ code: 'stopped', lasting: 'temporary' });
    expect(await ended(programs, { ...job(shell(':')), transfer: transfer(16) })).toMatchObject({ exit: { code: 0 } });
  });
});

describe('whether a program can be run', () => {
  it('is told before it is needed', async () => {
    expect(await whyNotRunnable('/bin/sh', '')).toBeUndefined();
    expect(await whyNotRunnable('sh', '/nowhere:/bin')).toBeUndefined();
    expect(await whyNotRunnable('/etc/passwd', '')).toBe('/etc/passwd is not there, or not executable');
    expect(await whyNotRunnable('no-such-program', '/bin')).toContain('there is no program no-such-program in /bin');
  });
});
