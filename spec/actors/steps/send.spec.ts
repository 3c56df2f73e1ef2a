import { left, right } from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { send } from '../../../actors/steps/send.ts';
import { type Failure, temporary } from '../../../domain/failure.ts';
import type { SendingRules } from '../../../domain/sending.ts';
import type { Fact } from '../../../domain/transfer/vocabulary.ts';
import { entersTo } from '../../support/entering.ts';
import { fact, given, id } from '../../support/given.ts';
import { answerLost, type MemoryPartner, memoryPartner } from '../../support/memory-partner.ts';
import { memoryPayloadStore } from '../../support/memory-payload-store.ts';
import { failureOf, inPieces, succeeded } from '../../support/outcome.ts';

const bytes = Buffer.from('hello');
const key = `inner-1.${id}`;
const created = fact('created', {
  scenario: 'innerSends',
  payload: { key, size: 5, sha256: 'a'.repeat(64) },
  target: { kind: 'partner', directory: '/in', name: 'a.xml' },
});
const [temporaryPath, final] = [`/in/.${id}.part`, '/in/a.xml'];
const sent = [{ type: 'sent', data: { final, protocol: 'sftp' } }];
const placedAt = (modified: number) => fact('placed', { temporary: temporaryPath, final, modified });

/** A partner at which nothing can be looked at; each try fails as planned, or the file is there. */
const blind = (...failures: readonly Failure[]) => {
  const given: string[] = [];
  const connect = () => ({
    ...at().connect(),
    handOver: ({ path, id: key, size }: { readonly path: string; readonly id: string; readonly size: number }) => {
      given.push(`${path} ${key} ${size}`);
      const failure = failures[given.length - 1];
      return () => Promise.resolve(failure === undefined ? right(`<${key}@here>`) : left(failure));
    },
  });
  return { ...at(), connect, given };
};
const never = new AbortController().signal;

const at = (files: Readonly<Record<string, string>> = {}, modified = 1_000): MemoryPartner => {
  const partner = memoryPartner(() => 5_000);
  partner.directories.add('/in');
  for (const [path, text] of Object.entries(files)) partner.files.set(path, { bytes: Buffer.from(text), modified });
  return partner;
};
const held = (partner: MemoryPartner) =>
  Object.fromEntries([...partner.files].map(([path, file]) => [path, Buffer.from(file.bytes).toString()]));
const payloads = () => memoryPayloadStore({ committed: new Map([[key, bytes]]), partials: new Map() });

/** One try, after these facts. */
const trying = (
  partner: MemoryPartner,
  rules: Partial<SendingRules> = {},
  ...facts: readonly (Fact | Fact['type'])[]
) => send(entersTo(partner, rules), payloads(), 'inner-1')(given(created, ...facts), never);

describe('sending a file for the first time', () => {
  it('writes it whole under a temporary name, and records that before it gets its own', async () => {
    const partner = at();
    const facts = await succeeded(trying(partner));
    expect(facts).toEqual([placedAt(5_000)]);
    expect(held(partner)).toEqual({ [temporaryPath]: 'hello' });
    expect(await succeeded(trying(partner, {}, ...facts))).toEqual(sent);
    expect(held(partner)).toEqual({ [final]: 'hello' });
  });

  it('touches nothing where the partner has a file of that name, and asks a person', async () => {
    const partner = at({ [final]: 'older' });
    const failure = await failureOf(trying(partner));
    expect(failure).toMatchObject({ lasting: 'permanent', code: 'exists' });
    expect(failure.text).toBe('the partner has a file /in/a.xml already; see ifExists of the channel');
    expect(held(partner)).toEqual({ [final]: 'older' });
  });

  it('replaces that file only at the end, where the channel says so', async () => {
    const partner = at({ [final]: 'older' });
    const facts = await succeeded(trying(partner, { ifExists: 'replace' }));
    expect(held(partner)).toEqual({ [final]: 'older', [temporaryPath]: 'hello' });
    expect(await succeeded(trying(partner, { ifExists: 'replace' }, ...facts))).toEqual(sent);
    expect(held(partner)).toEqual({ [final]: 'hello' });
  });

  it('writes from the beginning again after a try that was cut', async () => {
    const partner = at({ [temporaryPath]: 'hell' });
    expect(await succeeded(trying(partner))).toEqual([placedAt(5_000)]);
    expect(held(partner)).toEqual({ [temporaryPath]: 'hello' });
  });

  it('fails for the moment where it is cut while it writes, or where the partner has less than was sent', async () => {
    const partner = at();
    partner.failNext('write', temporary('linkBroken', 'the partner hung up'));
    expect(await failureOf(trying(partner))).toMatchObject({ lasting: 'temporary', code: 'linkBroken' });
    partner.failNext('write', answerLost, 'after');
    expect(await failureOf(trying(partner))).toMatchObject({ lasting: 'temporary' });
    const short = { ...payloads(), read: () => () => Promise.resolve(right(inPieces(bytes.subarray(0, 3)))) };
    const less = send(entersTo(partner), short, 'inner-1')(given(created), never);
    expect(await failureOf(less)).toMatchObject({ code: 'cutShort', text: 'the partner has 3 of 5 bytes' });
  });

  it('passes on why the partner cannot be reached', async () => {
    const away = () => () => Promise.resolve(left(temporary('unreachable', 'nobody is there')));
    expect(await failureOf(send(away, payloads(), 'inner-1')(given(created), never))).toMatchObject({
      code: 'unreachable',
    });
  });

  it('ends its session when it is to stop, even where that was said before it came in', async () => {
    const partner = at();
    const stopping = new AbortController();
    stopping.abort();
    const stopped = send(entersTo(partner), payloads(), 'inner-1')(given(created), stopping.signal);
    expect(await failureOf(stopped)).toMatchObject({ code: 'closed' });
    expect(held(partner)).toEqual({});
  });
});

describe('sending after a break, once the file was placed', () => {
  it('is done where the temporary name is gone and the final one is there', async () => {
    const partner = at({ [final]: 'hello' }, 5_000);
    expect(await succeeded(trying(partner, {}, placedAt(5_000)))).toEqual(sent);
    expect(partner.calls).not.toContain(`write ${temporaryPath}`);
  });

  it('is done by the next try where the answer to the rename was lost', async () => {
    const partner = at({ [temporaryPath]: 'hello' });
    partner.failNext('rename', answerLost, 'after');
    expect(await failureOf(trying(partner, {}, placedAt(1_000)))).toMatchObject({ code: 'outcomeUnknown' });
    expect(await succeeded(trying(partner, {}, placedAt(1_000)))).toEqual(sent);
    expect(held(partner)).toEqual({ [final]: 'hello' });
  });

  it('does not take an older file of the same size for its own', async () => {
    const partner = at({ [final]: 'older' }, 1_000);
    const rules = { ifExists: 'replace', onUnknownOutcome: 'resend' } as const;
    expect(await failureOf(trying(partner, { ifExists: 'replace' }, placedAt(5_000)))).toMatchObject({
      code: 'unknownOutcome',
    });
    expect(await succeeded(trying(partner, rules, placedAt(5_000)))).toEqual(sent);
    expect(held(partner)).toEqual({ [final]: 'hello' });
  });

  it('writes it again where only a part is under the temporary name', async () => {
    const partner = at({ [temporaryPath]: 'hel' });
    expect(await succeeded(trying(partner, {}, placedAt(1_000)))).toEqual(sent);
    expect(held(partner)).toEqual({ [final]: 'hello' });
  });

  it('goes on where it had removed the old file and not yet renamed its own', async () => {
    const partner = at({ [temporaryPath]: 'hello', [final]: 'older' });
    partner.failNext('remove', answerLost, 'after');
    const rules = { ifExists: 'replace' } as const;
    expect(await failureOf(trying(partner, rules, placedAt(1_000)))).toMatchObject({ code: 'outcomeUnknown' });
    expect(await succeeded(trying(partner, rules, placedAt(1_000)))).toEqual(sent);
    expect(held(partner)).toEqual({ [final]: 'hello' });
  });

  it('replaces nothing that came to stand under the final name meanwhile', async () => {
    const partner = at({ [temporaryPath]: 'hello', [final]: 'theirs' });
    expect(await failureOf(trying(partner, {}, placedAt(1_000)))).toMatchObject({
      lasting: 'permanent',
      code: 'exists',
    });
    expect(held(partner)).toEqual({ [temporaryPath]: 'hello', [final]: 'theirs' });
  });
});

describe('sending where neither name is found', () => {
  it('asks a person, in one clear sentence', async () => {
    const failure = await failureOf(trying(at(), {}, placedAt(1_000)));
    expect(failure).toMatchObject({ lasting: 'permanent', code: 'unknownOutcome' });
    expect(failure.text).toContain('neither');
    expect(failure.text).toContain('release sends it again');
  });

  it('sends it again once that person has decided, and where the channel says so', async () => {
    for (const [rules, ...facts] of [
      [{}, placedAt(1_000), fact('held'), fact('released')],
      [{}, placedAt(1_000), fact('held'), fact('retried')],
      [{ onUnknownOutcome: 'resend' }, placedAt(1_000)],
    ] as const) {
      const partner = at();
      expect(await succeeded(trying(partner, rules, ...facts))).toEqual(sent);
      expect(held(partner)).toEqual({ [final]: 'hello' });
    }
  });
});

describe('sending where nothing can be looked at', () => {
  const handedOver = [{ type: 'sent', data: { final: `<${id}@here>`, protocol: 'sftp' } }];
  const lost = temporary('outcomeUnknown', 'the connection broke before the answer');

  it('hands the file over by its name and under the id of the transfer, and records by what it is known there', async () => {
    const partner = blind();
    expect(await succeeded(trying(partner))).toEqual(handedOver);
    expect(partner.given).toEqual([`${final} ${id} 5`]);
    expect(partner.calls).toEqual([]);
  });

  it('is tried again where it failed for now', async () => {
    const partner = blind(temporary('peerFailed', 'the server failed'));
    expect(await failureOf(trying(partner))).toMatchObject({ lasting: 'temporary', code: 'peerFailed' });
    expect(await succeeded(trying(partner))).toEqual(handedOver);
  });

  it('asks a person where the answer was lost, or sends again, as the channel says', async () => {
    const failure = await failureOf(trying(blind(lost)));
    expect(failure).toMatchObject({ lasting: 'permanent', code: 'unknownOutcome' });
    expect(failure.text).toBe('the connection broke before the answer; release sends it again');
    expect(await failureOf(trying(blind(lost), { onUnknownOutcome: 'resend' }))).toEqual(lost);
  });
});
