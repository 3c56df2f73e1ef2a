/** Reads a mail that came in as a delivery report, and records what it says at the transfer whose mail it is about. */
import { isLeft, left, right } from 'fp-ts/lib/Either.js';
import { type Attempt, permanent, temporary } from '../../domain/failure.ts';
import { longestReport, type MailReport, readReport, reportWords } from '../../domain/mail-report.ts';
import type { PayloadRef } from '../../domain/payload.ts';
import type { Log, PayloadStore } from '../../domain/ports.ts';
import type { Folded } from '../../domain/transfer/fold.ts';
import { retired, type Streams } from '../streams.ts';

/** Anybody may send reports: more on one mail are not recorded. */
const mostReports = 100;

/** What it rests on. */
export type ReportNeeds = { readonly payloads: PayloadStore; readonly streams: Streams; readonly log: Log };

/**
 * Other mails pass, and so do reports on mails that are none of ours: senders' addresses are forged every day. Where a
 * mail was not delivered, the report is held with that sentence, until a person who has seen to it releases it.
 */
export const readingReport =
  ({ payloads, streams, log }: ReportNeeds) =>
  ({ id, transfer }: Folded, payload: PayloadRef): Attempt<void> =>
  async () => {
    const bytes = await payloads.read(payload.key)();
    if (isLeft(bytes)) return bytes;
    const read = readReport(await beginning(bytes.right));
    if (isLeft(read)) return transfer.run > 0 ? right(undefined) : left(permanent('badReport', read.left));
    const report = read.right;
    if (report === undefined) return right(undefined);
    const known = await recorded(streams, report, id);
    if (isLeft(known)) return known;
    if (!known.right) {
      log.warn('a delivery report is about no mail of ours', { transfer: id, about: report.about });
      return right(undefined);
    }
    const failed = report.recipients.filter(({ action }) => action === 'failed');
    if (failed.length === 0 || transfer.run > 0) return right(undefined);
    const what = `the mail of transfer ${report.about} was not delivered: ${reportWords(failed)}`;
    return left(permanent('notDelivered', what.slice(0, 900)));
  };

/** Answers whether there is such a mail of ours. */
const recorded = async (streams: Streams, { about, recipients }: MailReport, report: string) => {
  const there = await streams.load(about);
  if (isLeft(there)) return there.left.code === retired.code ? right(true) : there;
  const mail = there.right?.transfer;
  if (mail?.target?.kind !== 'partner') return right(false);
  // The report may be here before dmz has told that the mail is out.
  if (mail.final === undefined)
    return left(temporary('notSentYet', `the mail of transfer ${about} is not known to be sent`));
  if (!mail.final.startsWith(`<${about}@`)) return right(false);
  const done = await streams.record(about, 'report', (folded) => {
    const reports = folded?.transfer.reports ?? [];
    const isNew = reports.length < mostReports && !reports.includes(report);
    return right(isNew ? [{ type: 'reported', data: { report, recipients: [...recipients] } }] : []);
  });
  return isLeft(done) ? left(temporary('log', done.left.text)) : right(true);
};

const beginning = async (bytes: AsyncIterable<Uint8Array>): Promise<string> => {
  const decoder = new TextDecoder();
  let text = '';
  for await (const part of bytes) {
    text += decoder.decode(part, { stream: true });
    if (text.length >= longestReport) break;
  }
  return text.slice(0, longestReport);
};
