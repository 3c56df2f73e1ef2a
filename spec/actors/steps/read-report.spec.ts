import { isRight, right } from 'fp-ts/lib/Either.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { describe, expect, it } from 'vitest';
import { readingReport } from '../../../actors/steps/read-report.ts';
import type { Deciding, Streams } from '../../../actors/streams.ts';
import type { PayloadStore } from '../../../domain/ports.ts';
import type { Folded } from '../../../domain/transfer/fold.ts';
import type { Fact } from '../../../domain/transfer/vocabulary.ts';
import { fact, given, id, payload } from '../../support/given.ts';
import { failureOf, inPieces, succeeded } from '../../support/outcome.ts';
import { silent } from '../../support/silent.ts';

const target = { kind: 'partner', directory: '/', name: 'a.xml' } as const;
const created = fact('created', { scenario: 'innerSends', target });
const sent = fact('sent', { final: `<${id}@here.example>`, protocol: 'smtp' });
const report = (n: number): Fact =>
  fact('reported', { report: `01hzzzzzzzzzzzzzzzzzzzz${String(n).padStart(3, '0')}` });

const arrived = ['received', 'forwarded', 'fetched', 'matched'] as const;
const failing = (code: string): Fact => fact('stepFailed', { step: 'process', code, lasting: 'permanent' });

const mail = [
  'Content-Type: multipart/report; report-type=delivery-status; boundary=b',
  ...['', '--b', 'Content-Type: message/delivery-status', ''],
  ...[`Original-Envelope-Id: ${id}`, ''],
  ...['Final-Recipient: rfc822; a@b.example', 'Action: failed', 'Status: 5.1.1', '--b--', ''],
].join('\r\n');

/** Reads the report as the given transfer, about that of a mail. */
const world = (about: Folded | undefined, content = mail) => {
  const recorded: Fact[] = [];
  const record = (_id: string, _step: string, decide: Deciding) => {
    const decided = decide(about);
    if (isRight(decided)) recorded.push(...decided.right);
    return Promise.resolve(right(about));
  };
  const streams = { load: () => Promise.resolve(right(about)), record } as unknown as Streams;
  const bytes = () => inPieces(Buffer.from(content), 50);
  const payloads = { read: () => TE.right(bytes()) } as unknown as PayloadStore;
  const read = (as: Folded = given(...arrived)) => readingReport({ payloads, streams, log: silent })(as, payload);
  return { recorded, read };
};

describe('a delivery report that has come in', () => {
  it('is recorded with the mail, and held where that was not delivered, until a person releases it', async () => {
    const { recorded, read } = world(given(created, sent));
    expect(await failureOf(read())).toMatchObject({
      ...{ lasting: 'permanent', code: 'notDelivered' },
      text: `the mail of transfer ${id} was not delivered: failed for a@b.example: 5.1.1`,
    });
    expect(recorded).toHaveLength(1);
    await succeeded(read(given(...arrived, failing('notDelivered'), 'held', 'released')));
  });

  it('is held although it was released or retried before, for another reason', async () => {
    const { read } = world(given(created, sent));
    for (const order of ['released', 'retried'] as const) {
      const before = given(...arrived, failing('noLink'), fact('held', { code: 'noLink' }), order);
      expect(await failureOf(read(before))).toMatchObject({ code: 'notDelivered' });
    }
  });

  it('that cannot be read is held where it is about a mail of ours, until a person releases it, and else passes', async () => {
    const broken = mail.replace('Action: failed', 'Action: eaten');
    const { read, recorded } = world(given(created, sent), broken);
    expect(await failureOf(read())).toMatchObject({ lasting: 'permanent', code: 'badReport' });
    expect(await failureOf(read(given(...arrived, 'retried')))).toMatchObject({ code: 'badReport' });
    await succeeded(read(given(...arrived, failing('badReport'), 'held', 'released')));
    expect(recorded).toEqual([]);
    await succeeded(world(undefined, broken).read());
    await succeeded(world(given('received'), broken).read());
  });

  it('is recorded once, and no more than a hundred are', async () => {
    const twice = world(given(created, sent, fact('reported', { report: id })));
    await failureOf(twice.read());
    expect(twice.recorded).toEqual([]);
    const many = world(given(created, sent, ...Array.from({ length: 100 }, (_, n) => report(n))));
    await failureOf(many.read());
    expect(many.recorded).toEqual([]);
  });

  it('waits until the mail is known to be sent, and passes where it is no mail of ours', async () => {
    expect(await failureOf(world(given(created)).read())).toMatchObject({ lasting: 'temporary', code: 'notSentYet' });
    for (const other of [undefined, given('received'), given(created, fact('sent', { final: '/in/a.xml' }))]) {
      const { recorded, read } = world(other);
      await succeeded(read());
      expect(recorded).toEqual([]);
    }
  });
});
