/** What we do at a partner's mail server: send a file as a mail. There is nothing else that could be done there. */
import { posix } from 'node:path';
import { Readable } from 'node:stream';
import type SMTPConnection from 'nodemailer/lib/smtp-connection';
import { type Failure, failing, failureIn, permanent } from '../../domain/failure.ts';
import type { PartnerPlace, PartnerSession } from '../../domain/partner.ts';
import type { Clock } from '../../domain/ports.ts';
import { attempt } from '../shared/attempt.ts';
import { closed, type Lifeline } from '../shared/lifeline.ts';
import { linkBroken, nameOf, notPermitted, outcomeUnknown, peerFailed, said } from '../shared/partner-failures.ts';
import { nothingElse } from '../shared/sends-only.ts';
import { sourced } from '../shared/source.ts';

/** From whom to whom our mails are, and what is said in them. */
export type MailWords = {
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly reports: readonly string[];
};

/** A connection that is let in. */
export type Opened = {
  readonly client: SMTPConnection;
  readonly life: Lifeline;
  readonly place: PartnerPlace;
  readonly settings: MailWords;
  readonly clock: Clock;
};

/** Makes the session. */
export const partnerSession = (opened: Opened): PartnerSession => {
  const { client, life } = opened;
  return {
    ...nothingElse('SMTP'),
    handOver: (file, bytes) =>
      attempt(
        () => send(opened, file, bytes),
        (error) => failureIn(error) ?? linkBroken(opened.place, String(error)),
      ),
    close: () => {
      if (life.why() === undefined) client.quit();
      life.end(closed);
      return Promise.resolve();
    },
  };
};

type File = Parameters<NonNullable<PartnerSession['handOver']>>[0];

const send = async (
  { client, life, place, settings, clock }: Opened,
  { path, id }: File,
  bytes: AsyncIterable<Uint8Array>,
): Promise<string> => {
  const { from, to } = settings;
  const name = posix.basename(path);
  const fill = (template: string): string => template.replaceAll('{name}', () => name).replaceAll('{id}', id);
  const messageId = `<${id}${from.slice(from.lastIndexOf('@'))}>`;
  const { default: MailComposer } = await import('nodemailer/lib/mail-composer');
  let failed: Failure | undefined;
  let ended = false;
  const content = Readable.from(
    (async function* () {
      try {
        yield* sourced(bytes);
      } catch (error) {
        failed = failureIn(error);
        throw error;
      }
      ended = true;
    })(),
    { objectMode: false },
  );
  const mail = new MailComposer({
    ...{ from, to: [...to], subject: fill(settings.subject), text: fill(settings.text), messageId },
    date: new Date(clock.now()),
    attachments: [{ filename: name, content, contentType: 'application/octet-stream' }],
    // Whatever a name looks like, it is no file of ours.
    ...{ disableFileAccess: true, disableUrlAccess: true },
  }).compile();
  // Sent only where the server offers it. The id stays the same over all tries, as the Message-ID does.
  const dsn = { ret: 'HDRS', envid: id, notify: settings.reports.length === 0 ? 'NEVER' : settings.reports.join() };
  const sending = new Promise<readonly string[]>((resolve, reject) => {
    client.send({ from, to: [...to], dsn }, mail.createReadStream(), (error, info) => {
      if (error !== null) reject(error);
      else resolve(info.rejected);
    });
  });
  const over = new Promise<never>((_, reject) => life.whenOver(() => reject(failing(life.why() ?? closed))));
  const refused = await Promise.race([sending, over]).catch((error: unknown) => {
    content.destroy();
    throw failing(failed ?? failureIn(error) ?? failureOf(place, messageId, error, ended));
  });
  if (refused.length > 0)
    throw failing(
      permanent(
        'rejected',
        `the server at ${nameOf(place)} took the mail, but not for ${said(refused.join(', '))}; correct "to" of channel ${place.channel}, or abandon: release sends it to all once more`,
      ),
    );
  return messageId;
};

type Told = { readonly responseCode?: number; readonly message?: string };

const failureOf = (place: PartnerPlace, what: string, error: unknown, ended: boolean): Failure => {
  const { responseCode: answer, message = '' } = error as Told;
  if (answer === undefined) return ended ? outcomeUnknown(place, what) : linkBroken(place, message);
  return answer >= 500 ? notPermitted(what, message) : peerFailed(what, message);
};
