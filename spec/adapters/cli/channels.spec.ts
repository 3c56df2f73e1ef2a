import { right } from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { runCli } from '../../../adapters/cli/index.ts';
import type { Control } from '../../../domain/control.ts';
import { fakeControl } from '../../support/fake-control.ts';
import { fakeProgram } from '../../support/fake-program.ts';
import { fakeTerminal } from '../../support/fake-terminal.ts';

const run = async (line: string, parts: Partial<Control> = {}) => {
  const { terminal, out, errors } = fakeTerminal();
  const { control, asked } = fakeControl();
  const controlClient = () => ({ ...control, ...parts });
  const code = await runCli(line.split(' '), fakeProgram({ controlClient }), terminal);
  return { code, out, errors, asked };
};

describe('the commands about channels', () => {
  it('list them, as a table and as JSON', async () => {
    expect((await run('channels list --data d')).out).toEqual([
      'epoch e1, counter 3, of inner',
      'CHANNEL  LOGIN  BY               PARTNER  ON DMZ',
      'demo     demo   password, 1 key  sftp     yes',
    ]);
    const { out } = await run('channels list --data d --json');
    expect(JSON.parse(out.join(''))).toMatchObject({ version: { counter: 3 }, channels: [{ name: 'demo' }] });
  });

  it('show what is there and what would change', async () => {
    const { out } = await run('channels diff --data d');
    expect(out).toEqual([
      'inner: a new epoch waits',
      '  there:    epoch e1, counter 3, of inner',
      '  to come:  epoch e2, counter 1, of inner',
      '  CHANGE   CHANNEL',
      '  added    new',
      '  changed  demo',
      '  removed  old',
    ]);
  });

  it('accept an epoch only with --yes, and exactly the one that is shown', async () => {
    const shown = await run('channels accept-epoch --data d');
    expect(shown.asked).toEqual([]);
    expect(shown.out.at(-1)).toMatch(/nothing is changed yet; .*--yes/);
    const accepted = await run('channels accept-epoch --data d --yes');
    expect(accepted.asked).toEqual([{ epoch: 'e2', counter: 1, login: expect.any(String) as string }]);
    expect(accepted.out.at(-1)).toBe('epoch e2 is accepted');
  });

  it('say that there is nothing to accept', async () => {
    const none = await run('channels accept-epoch --data d --yes', {
      channelDiff: () => () => Promise.resolve(right([])),
    });
    expect(none).toMatchObject({ code: 1, errors: ['sallyport: there is no new epoch to be accepted'] });
  });

  it('reload, and name who did', async () => {
    expect(await run('channels reload --data d')).toMatchObject({
      ...{ code: 0, out: ['1 channels changed'] },
      asked: [{ login: expect.any(String) as string }],
    });
  });
});
