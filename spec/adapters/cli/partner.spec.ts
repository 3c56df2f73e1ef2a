import { describe, expect, it } from 'vitest';
import { runCli } from '../../../adapters/cli/index.ts';
import type { Probe, ProbedPlace } from '../../../domain/control.ts';
import { fakeControl } from '../../support/fake-control.ts';
import { fakeProgram } from '../../support/fake-program.ts';
import { fakeTerminal } from '../../support/fake-terminal.ts';

const [one, other, third] = ['a', 'b', 'c'].map((each) => `SHA256:${each.repeat(43)}`) as [string, string, string];
const until = Date.UTC(2027, 0, 2);
const place = (more: Partial<ProbedPlace> = {}): ProbedPlace => ({
  address: 'sftp.acme.example:22',
  steps: [
    { step: 'name', milliseconds: 3, failure: null },
    { step: 'port', milliseconds: 7, failure: null },
  ],
  seen: { fingerprint: one, certificate: { subject: 'CN=acme', notAfter: until } },
  ...more,
});
const dead = place({
  address: 'old.acme.example:22',
  steps: [{ step: 'port', milliseconds: 9, failure: { code: 'unreachable', text: 'nothing answers (ECONNREFUSED)' } }],
  seen: null,
});
const probe = (more: Partial<Probe> = {}): Probe => ({
  ...{ protocol: 'ftps', configured: [], approved: [], places: [place()], ...more },
});

const run = async (line: string, found = probe(), answer?: boolean) => {
  const fake = fakeControl([], [], found);
  const { terminal, out, errors, questions } = fakeTerminal(answer);
  const program = fakeProgram({ controlClient: () => fake.control });
  const code = await runCli([...line.split(' '), '--data', 'd'], program, terminal);
  const approved = fake.asked.flatMap((each) => (each as { fingerprints?: string[] }).fingerprints ?? []);
  return { code, out: out.join('\n'), errors: errors.join('\n'), questions, asked: fake.asked, approved };
};

describe('channels test', () => {
  it('shows each step with a tick', async () => {
    const { code, out, asked } = await run('channels test acme --directory /in');
    expect(code).toBe(0);
    expect(out).toMatch(/^sftp\.acme\.example:22$/m);
    expect(out).toMatch(/^✔ +find the host by its name +3 ms$/m);
    expect(asked).toEqual([{ channel: 'acme', depth: 'list', directory: '/in', viaDmz: false }]);
  });

  it('names the step that fails at one of the addresses, and how it is mended', async () => {
    const { code, out, asked } = await run('channels test acme --write --via-dmz', probe({ places: [place(), dead] }));
    expect(code).toBe(1);
    expect(out).toMatch(/^✘ +connect to the port +9 ms +nothing answers \(ECONNREFUSED\)$/m);
    expect(out).toMatch(/^To mend it: .*firewalls/m);
    expect(asked).toMatchObject([{ depth: 'write', viaDmz: true }]);
  });

  it('answers JSON, with the same exit code', async () => {
    const { code, out } = await run('channels test acme --json', probe({ places: [dead] }));
    expect({ code, found: JSON.parse(out) as unknown }).toEqual({ code: 1, found: probe({ places: [dead] }) });
  });

  it('says that there is no such channel', async () => {
    expect(await run('channels test nobody')).toMatchObject({
      code: 1,
      errors: 'sallyport: there is no channel nobody',
    });
  });
});

describe('channels trust', () => {
  it('shows what is seen beside what was approved, asks, and records who says yes', async () => {
    const { code, out, questions, asked } = await run('channels trust acme', probe({ approved: [other] }), true);
    expect(code).toBe(0);
    expect(out).toMatch(new RegExp(`^approved +${other}$`, 'm'));
    expect(out).toMatch(new RegExp(`^seen, NEW +${one} +sftp.acme.example:22 +CN=acme +2027-01-02 00:00:00Z$`, 'm'));
    expect(questions).toEqual([expect.stringContaining(one)]);
    expect(asked).toEqual([
      { channel: 'acme', depth: 'key', directory: '/', viaDmz: false },
      { channel: 'acme', fingerprints: [one], login: 'tester' },
    ]);
  });

  it('records nothing where a person says no, or where there is nobody to ask', async () => {
    expect(await run('channels trust acme', probe(), false)).toMatchObject({
      ...{ code: 1, approved: [], errors: 'sallyport: nothing was changed' },
    });
    expect(await run('channels trust acme')).toMatchObject({
      ...{ code: 2, approved: [], errors: expect.stringContaining('--fingerprint') as string },
    });
  });

  it('asks no question in a script: --yes takes what is seen, --fingerprint only that', async () => {
    expect(await run('channels trust acme --yes')).toMatchObject({ code: 0, approved: [one], questions: [] });
    expect(await run(`channels trust acme --fingerprint ${one}`)).toMatchObject({ code: 0, approved: [one] });
    expect(await run(`channels trust acme --yes --fingerprint ${other}`)).toMatchObject({
      ...{ code: 1, approved: [], errors: expect.stringContaining(`not ${other}`) as string },
    });
    expect(await run('channels trust acme --fingerprint md5:00')).toMatchObject({ code: 2, approved: [] });
  });

  it('keeps what was approved before where an address did not answer', async () => {
    const found = probe({ approved: [other], places: [place(), dead] });
    expect((await run('channels trust acme --yes', found)).approved).toEqual([other, one]);
  });

  it('changes nothing where everybody seen is known', async () => {
    for (const known of [{ approved: [one] }, { configured: [one] }])
      expect(await run('channels trust acme', probe(known))).toMatchObject({ code: 0, approved: [], questions: [] });
  });

  it('says why no key was seen', async () => {
    const { code, errors } = await run('channels trust acme --yes', probe({ places: [dead] }));
    expect(code).toBe(1);
    expect(errors).toMatch(/nothing answers[\s\S]*no key was seen/);
    const plain = probe({ protocol: 'ftp', places: [place({ seen: null })] });
    expect((await run('channels trust acme --yes', plain)).errors).toMatch(/plain FTP shows no key/);
  });

  it('takes approvals back, one or all, without a look at the partner', async () => {
    const found = probe({ configured: [third], approved: [one, other], places: [] });
    const all = await run('channels trust acme --revoke --yes', found);
    expect(all.asked).toEqual([
      { channel: 'acme', depth: 'nothing', directory: '/', viaDmz: false },
      { channel: 'acme', fingerprints: [], login: 'tester' },
    ]);
    expect((await run(`channels trust acme --revoke --fingerprint ${one}`, found)).approved).toEqual([other]);
    expect((await run(`channels trust acme --revoke --fingerprint ${third}`, found)).errors).toMatch(/in the config/);
  });

  it('answers JSON', async () => {
    const { out } = await run('channels trust acme --yes --json');
    expect(JSON.parse(out)).toMatchObject({ approved: [one], seen: [{ fingerprint: one }] });
  });
});
