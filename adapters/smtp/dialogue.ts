/** What the commands of one connection share. */
import type { Session } from '../../domain/intake.ts';
import type { MailPolicy } from '../../domain/mail.ts';
import type { ListenerContext } from '../../domain/protocol.ts';
import type { SmtpSettings } from './settings.ts';
import type { Wire } from './shell.ts';

/** A session of this connection, and whose it is: a login's, or a sender's by the recipients of its mail. */
export type Seat = { readonly session: Session; readonly sender: string | undefined };

/** A mail that is announced: from whom, how large, and the sessions whose channels it is for. */
export type Letter = {
  readonly sender: string;
  readonly size: number;
  readonly recipients: string[];
  readonly sessions: Set<Session>;
  /** What all of their channels want to be proved. */
  policy: MailPolicy;
};

/** The connection. */
export type Dialogue = {
  readonly settings: SmtpSettings;
  readonly context: ListenerContext;
  readonly wire: Wire;
  readonly hostname: string;
  readonly seats: Seat[];
  letter: Letter | undefined;
  failures: number;
  strangers: number;
  commands: number;
  /** Sessions whose client has not been heard of since our last OK to a mail. */
  readonly unheard: Set<Session>;
  over: boolean;
};

/** Takes a session in; false where the connection or the session has ended meanwhile, and then it is closed. */
export const admit = async (dialogue: Dialogue, seat: Seat): Promise<boolean> => {
  const { session } = seat;
  const { context, settings, wire } = dialogue;
  if (dialogue.over || session.ended.aborted) {
    await session.close();
    return false;
  }
  dialogue.seats.push(seat);
  const { login, channel } = session;
  context.log.info(`${settings.protocol} session started`, { login, channel, address: wire.address });
  return true;
};

/** Lets a session go; `orderly` where the client has had our last reply. */
export const letGo = async (dialogue: Dialogue, session: Session, orderly: boolean): Promise<void> => {
  const at = dialogue.seats.findIndex((seat) => seat.session === session);
  if (at < 0) return;
  dialogue.seats.splice(at, 1);
  dialogue.unheard.delete(session);
  await session.close({ orderly });
  const { login, channel } = session;
  const { context, settings, wire } = dialogue;
  context.log.info(`${settings.protocol} session ended`, { login, channel, address: wire.address });
};

/** The client goes on, so it had our OK. */
export const hear = (dialogue: Dialogue): void => {
  for (const session of dialogue.unheard) void session.wouldTake(0)();
  dialogue.unheard.clear();
};
