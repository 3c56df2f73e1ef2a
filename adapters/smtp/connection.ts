/** One connection, from its greeting to its end: what is made of each command. */
import type { ListenerContext } from '../../domain/protocol.ts';
import { codeOf } from '../shared/failing.ts';
import { faultPoint } from '../shared/fault-point.ts';
import { type Reply, reply } from '../shared/replies.ts';
import { type Dialogue, hear, letGo } from './dialogue.ts';
import { address, begin } from './envelope.ts';
import { logIn } from './login.ts';
import { takeMail } from './mail.ts';
import { common } from './replies.ts';
import type { SmtpSettings } from './settings.ts';
import type { Served, Wire } from './shell.ts';
import { receivedLine } from './trace.ts';

/** Commands without a mail, besides those that name its recipients. */
const mostCommands = 100;

/** A connection that is being served; `done` resolves when it has ended and its sessions are closed. */
export type Running = Served & { readonly done: Promise<void> };

/** Serves a connection. */
export const serveConnection = (
  wire: Wire,
  settings: SmtpSettings,
  context: ListenerContext,
  hostname: string,
): Running => {
  const { log, clock } = context;
  const dialogue: Dialogue = {
    ...{ settings, context, wire, hostname },
    seats: [],
    letter: undefined,
    failures: 0,
    strangers: 0,
    commands: 0,
    unheard: new Set(),
    over: false,
  };
  let resolveDone: () => void;
  const done = new Promise<void>((resolve) => (resolveDone = resolve));
  let saidGoodbye = false;

  const cancelLogin = clock.after(settings.loginTimeout, () => {
    if (dialogue.seats.length === 0) wire.dismiss(common.noLogin);
  });
  const onEnded = (): void => wire.dismiss(common.ended);
  const watch = async (asked: Promise<Reply | undefined>): Promise<Reply | undefined> => {
    const answer = await asked;
    for (const { session } of dialogue.seats) {
      session.ended.removeEventListener('abort', onEnded);
      session.ended.addEventListener('abort', onEnded, { once: true });
    }
    return answer;
  };

  const take = async (mail: AsyncIterable<Buffer>): Promise<Reply> => {
    const { letter } = dialogue;
    dialogue.letter = undefined;
    if (letter === undefined) return common.defect;
    const { session } = wire;
    const ours = receivedLine({
      ...{ helo: session.hostNameAppearsAs, address: wire.address, hostname, with: session.transmissionType },
      ...{ id: `${session.id}.${session.transaction}`, sender: letter.sender, recipients: letter.recipients },
      at: clock.now(),
    });
    const cancel = clock.after(settings.mailTimeout, () => wire.dismiss(common.tooSlow));
    const taken = await takeMail(dialogue, letter, mail, ours).finally(cancel);
    if ('code' in taken) return taken;
    dialogue.commands = 0;
    return reply(250, `Taken as ${taken.name}.`);
  };

  return {
    done,
    command: (verb) => {
      dialogue.commands += 1;
      if (dialogue.commands > mostCommands + settings.maxRecipients) return common.tooMuch;
      hear(dialogue);
      saidGoodbye = verb === 'QUIT';
      const inClear = settings.protocol === 'smtp' && !settings.loginInClear && !wire.session.secure;
      return verb === 'AUTH' && inClear ? common.encryptFirst : undefined;
    },
    login: (login, password) => watch(logIn(dialogue, login, password)),
    from: (sender, size) => Promise.resolve(begin(dialogue, sender, size)),
    to: (recipient) => watch(address(dialogue, recipient)),
    data: async (mail, say) => {
      try {
        const answer = await take(mail);
        faultPoint('reply.before');
        say(answer);
        faultPoint('reply.after');
      } catch (error) {
        const why = error instanceof Error ? (error.stack ?? error.message) : '';
        if (codeOf(error) === 'ECONNECTION') log.info('a mail was cut off', { address: wire.address });
        else log.error('a mail met a defect', { error: why });
        throw error;
      }
    },
    ended: () => {
      dialogue.over = true;
      cancelLogin();
      const leaving = [...dialogue.seats].map(({ session }) => {
        session.ended.removeEventListener('abort', onEnded);
        return letGo(dialogue, session, saidGoodbye);
      });
      Promise.all(leaving)
        .catch((error: unknown) => log.error('an smtp session did not end well', { error: String(error) }))
        .finally(() => resolveDone());
    },
  };
};
