/** An SMTP endpoint on the intake in memory, for one test. */
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { smtp, smtps } from '../../../adapters/smtp/index.ts';
import type { MailRules } from '../../../domain/mail.ts';
import type { Clock } from '../../../domain/ports.ts';
import type { Listener } from '../../../domain/protocol.ts';
import type { Place } from '../../contracts/protocol.ts';
import { listenerContext } from '../../support/listener-context.ts';
import { type MemoryIntake, memoryIntake } from '../../support/memory-intake.ts';
import { scratch } from '../../support/scratch.ts';
import { mailbox } from './clients.ts';

export type Endpoint = {
  readonly memory: MemoryIntake;
  readonly listener: Listener;
  readonly place: Place;
  readonly lines: readonly string[];
};

const anybody = { senders: [], addresses: [], needsLogin: false };

/**
 * Opens it; closed after the test. Channel `acme` (password `secret`) takes mail for its mailbox from anybody, unless the
 * rules say otherwise; `other` for `other@here.example`.
 */
export const endpoint = async (
  settings: Readonly<Record<string, unknown>> = {},
  rules: Partial<MailRules> = {},
  clock?: Clock,
): Promise<Endpoint> => {
  const directory = await scratch();
  const memory = memoryIntake([
    { login: 'acme', password: 'secret', mail: { recipients: [mailbox], ...anybody, ...rules } },
    { login: 'other', password: 'secret', mail: { recipients: ['other@here.example'], ...anybody } },
  ]);
  const context = listenerContext(memory.intake, join(directory, 'keys'), clock);
  const opened = await (settings.protocol === 'smtps' ? smtps : smtp).listen(
    { protocol: 'smtp', host: '127.0.0.1', port: 0, hostname: 'mx.here.example', ...settings },
    context,
  )();
  if (opened._tag === 'Left') throw new Error(opened.left.text);
  const listener = opened.right;
  onTestFinished(() => listener.close(0));
  const place = { ...listener.address, login: 'acme', password: 'secret', directory };
  return { memory, listener, place, lines: context.lines };
};
