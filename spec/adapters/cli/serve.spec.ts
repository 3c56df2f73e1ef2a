import { left, right } from 'fp-ts/lib/Either.js';
import { describe, expect, it, vi } from 'vitest';
import { runCli } from '../../../adapters/cli/index.ts';
import type { Gateway, Program } from '../../../adapters/cli/program.ts';
import { fakeControl } from '../../support/fake-control.ts';
import { fakeProgram } from '../../support/fake-program.ts';
import { fakeTerminal } from '../../support/fake-terminal.ts';

const gateway = (exitCode = 0) => {
  const calls = { stopped: 0 };
  let end: (code: number) => void = () => undefined;
  const closed = new Promise<number>((resolve) => {
    end = resolve;
  });
  const running: Gateway = {
    control: fakeControl().control,
    closed,
    stop: () => {
      calls.stopped += 1;
      end(exitCode);
      return Promise.resolve();
    },
  };
  return { running, calls, end: (code: number) => end(code) };
};

const serve = (start: Program['start'], args = ['serve', '--config', '/inner.yaml']) => {
  const fake = fakeTerminal();
  return { ...fake, code: runCli(args, fakeProgram({ start }), fake.terminal) };
};

describe('serve', () => {
  it('runs until it is asked to stop, then stops cleanly', async () => {
    const { running, calls } = gateway();
    const start = vi.fn(() => Promise.resolve(right(running)));
    const { code, stop, errors } = serve(start);
    await vi.waitFor(() => expect(start).toHaveBeenCalled());
    expect(calls.stopped).toBe(0);
    stop();
    expect(await code).toBe(0);
    expect(calls.stopped).toBe(1);
    expect(errors.join()).toContain('stopping reason=SIGTERM');
  });

  it('stops a server that was asked to stop while it started', async () => {
    const { running, calls } = gateway();
    const { code, stop } = serve(() => {
      stop();
      return Promise.resolve(right(running));
    });
    expect(await code).toBe(0);
    expect(calls.stopped).toBe(1);
  });

  it('passes on the exit code of a server that ends by itself', async () => {
    const { running, end } = gateway();
    const { code } = serve(() => Promise.resolve(right(running)));
    end(1);
    expect(await code).toBe(1);
  });

  it('says in one sentence why it cannot start', async () => {
    const { code, errors } = serve(() => Promise.resolve(left('port 8020 is taken')));
    expect(await code).toBe(1);
    expect(errors).toEqual(['sallyport: port 8020 is taken']);
  });

  it('prints the problems of a wrong config and starts nothing', async () => {
    const start = vi.fn(() => Promise.resolve(left('never')));
    const { code, errors } = serve(start, ['serve', '--config', 'x.yaml']);
    expect(await code).toBe(2);
    expect(errors).toEqual(['x.yaml:3: role: is wrong']);
    expect(start).not.toHaveBeenCalled();
  });

  it('watches its parent only where it is told to', async () => {
    const refused = (): ReturnType<Program['start']> => Promise.resolve(left('no'));
    const alone = serve(refused);
    const bound = serve(refused, ['serve', '--config', '/inner.yaml', '--end-with-parent']);
    await Promise.all([alone.code, bound.code]);
    expect([alone.asked, bound.asked]).toEqual([[{ endWithParent: false }], [{ endWithParent: true }]]);
  });
});
