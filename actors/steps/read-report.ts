/** Reads a mail that came in as a delivery report, and records what it says at the transfer whose mail it is about. */
import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js';
import { type Attempt, type Failure, permanent, temporary } from '../../domain/failure.ts';
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
    const about = isLeft(read) ? read.left.about : read.right?.about;
    if (about === undefined) return right(undefined);
    const mail = await lookedUp(streams, about);
    if (isLeft(mail)) return mail;
    if (mail.right === 'none') {
      log.warn('a delivery report is about no mail of ours', { transfer: id, about });
      return right(undefined);
    }
    // Once seen to by a person: a release or a retry for another reason is no such thing.
    const alarm = (code: string, text: string) =>
      transfer.lastFailure?.code === code ? right(undefined) : left(permanent(code, text));
    if (isLeft(read)) return alarm('badReport', read.left.problem);
    const recipients = read.right?.recipients ?? [];
    if (mail.right === 'kept') {
      const done = await record(streams, { about, recipients }, id);
      if (isLeft(done)) return done;
    }
    const failed = recipients.filter(({ action }) => action === 'failed');
    if (failed.length === 0) return right(undefined);
    const what = `the mail of transfer ${about} was not delivered: ${reportWords(failed)}`;
    return alarm('notDelivered', what.slice(0, 900));
  };

/** Is there such a mail of ours, and can something still be recorded with it? */
const lookedUp = async (streams: Streams, about: string): Promise<Either<Failure, 'none' | 'kept' | 'purged'>> => {
  const there = await streams.load(about);
  if (isLeft(there)) return there.left.code === retired.code ? right('purged') : there;
  const mail = there.right?.transfer;
  if (mail?.target?.kind !== 'partner') return right('none');
  // The report may be here before dmz has told that the mail is out.
  if (mail.final === undefined)
    return left(temporary('notSentYet', `the mail of transfer ${about} is not known to be sent`));
  return right(mail.final.startsWith(`<${about}@`) ? 'kept' : 'none');
};

const record = async (streams: Streams, { about, recipients }: MailReport, report: string) => {
  const done = await streams.record(about, 'report', (folded) => {
    const reports = folded?.transfer.reports ?? [];
    const isNew = reports.length < mostReports && !reports.includes(report);
    return right(isNew ? [{ type: 'reported', data: { report, recipients: [...recipients] } }] : []);
  });
  return isLeft(done) ? left(temporary('log', done.left.text)) : right(undefined);
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
