import { left, right } from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { readReport } from '../../domain/mail-report.ts';

const id = '01hzzzzzzzzzzzzzzzzzzzzzz0';
const failed = ['Final-Recipient: rfc822; a@b.example', 'Action: failed', 'Status: 5.1.1'];

/** A report as servers send it; lines of the part with the status are given, and what comes back behind it. */
const report = (told: readonly string[], back: readonly string[] = [], encoding = '7bit'): string =>
  [
    'From: MAILER-DAEMON@mx.example',
    'Content-Type: multipart/report; report-type=delivery-status;',
    '\tboundary="a/b=c"',
    '',
    'preamble',
    '--a/b=c',
    'Content-Type: text/plain',
    '',
    'It did not work.',
    '--a/b=c',
    'Content-Type: message/delivery-status',
    `Content-Transfer-Encoding: ${encoding}`,
    '',
    ...told,
    ...back,
    '--a/b=c--',
    '',
  ].join('\r\n');
const behind = (messageId: string) => ['--a/b=c', 'Content-Type: text/rfc822-headers', '', `Message-ID: ${messageId}`];
const about = ['Reporting-MTA: dns; mx.example', `Original-Envelope-Id: ${id}`, ''];

describe('a delivery report', () => {
  it('names a mail by its envelope id, and what became of it for each recipient', () => {
    const told = [
      ...about,
      'Original-Recipient: rfc822;orders@acme.example',
      ...failed,
      'Diagnostic-Code: smtp; 550 5.1.1',
      '    nobody of that name',
      '',
      'Final-Recipient: rfc822; c@d.example',
      'Action: Delayed',
      'Status: 4.4.1 (no answer)',
    ];
    const recipients = [
      { address: 'orders@acme.example', action: 'failed', status: '5.1.1', said: '550 5.1.1 nobody of that name' },
      { address: 'c@d.example', action: 'delayed', status: '4.4.1', said: '4.4.1' },
    ];
    expect(readReport(report(told))).toEqual(right({ about: id, recipients }));
    expect(readReport(report(told).replaceAll('\r\n', '\n'))).toEqual(right({ about: id, recipients }));
  });

  it('names it by the Message-ID of what comes back where the server knows no envelope ids', () => {
    const told = ['Reporting-MTA: dns; mx.example', '', ...failed];
    expect(readReport(report(told, behind(`<${id}@here.example>`)))).toMatchObject(right({ about: id }));
    expect(readReport(report(told, behind('<other@here.example>')))).toEqual(right(undefined));
    expect(readReport(report(told))).toEqual(right(undefined));
  });

  it.each([
    ['an ordinary mail', 'Subject: hello\r\n\r\nAction: failed\r\n'],
    ['nothing', ''],
    ['a receipt of a reader', report(about).replace('delivery-status;', 'disposition-notification;')],
  ])('is not %s', (_, mail) => {
    expect(readReport(mail)).toEqual(right(undefined));
  });

  it.each([
    ['has no boundary', report([...about, ...failed]).replace(/\tboundary=.*/, '\tx=y')],
    ['has no status', report(about).replace('message/delivery-status', 'text/plain')],
    ['is encoded', report(['Reporting-MTA: dns; mx.example', '', ...failed], [], 'base64')],
    ['names nobody', report(['Reporting-MTA: dns; mx.example'])],
  ])('is none on ours where it %s, and names no mail', (_, mail) => {
    expect(readReport(mail)).toEqual(right(undefined));
  });

  it.each([
    [
      'has no status',
      report(about, behind(`<${id}@here.example>`)).replace('message/delivery-status', 'text/plain'),
      'no part message/delivery-status',
    ],
    ['is encoded', report([...about, ...failed], [], 'base64'), 'encoded as base64'],
    ['names nobody', report(about), 'names 0 recipients'],
    [
      'names too many',
      report([...about, ...Array.from({ length: 101 }, () => [...failed, '']).flat()]),
      '101 recipients',
    ],
    ['has an action of its own', report([...about, ...failed.with(1, 'Action: eaten')]), 'cannot be read'],
    ['has a status that is none', report([...about, ...failed.with(2, 'Status: bad')]), 'cannot be read'],
  ])('that %s is refused with a sentence', (_, mail, sentence) => {
    expect(readReport(mail)).toEqual(left({ about: id, problem: expect.stringContaining(sentence) as string }));
  });

  it('keeps no control characters of what a server says', () => {
    const told = [...about, ...failed, 'Diagnostic-Code: smtp; 550 \u001b[31mred\u0007'];
    expect(readReport(report(told))).toMatchObject(right({ recipients: [{ said: '550 [31mred' }] }));
  });
});
