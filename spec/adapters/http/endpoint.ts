/** An HTTP endpoint on the intake in memory, for one test. */
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { http, https } from '../../../adapters/http/index.ts';
import type { Listener } from '../../../domain/protocol.ts';
import type { Place } from '../../contracts/protocol.ts';
import { listenerContext } from '../../support/listener-context.ts';
import { type MemoryIntake, memoryIntake } from '../../support/memory-intake.ts';
import { scratch } from '../../support/scratch.ts';

export type Endpoint = {
  readonly memory: MemoryIntake;
  readonly listener: Listener;
  readonly place: Place;
  readonly lines: readonly string[];
};

/** Opens it; closed after the test. The login and the channel are `acme`, the password is `secret`. */
export const endpoint = async (
  settings: Readonly<Record<string, unknown>> = {},
  certificates: readonly string[] = [],
): Promise<Endpoint> => {
  const directory = await scratch();
  const accounts = [
    { login: 'acme', password: 'secret', certificates },
    { login: 'other', password: 'also secret' },
  ];
  const memory = memoryIntake(accounts);
  const context = listenerContext(memory.intake, join(directory, 'keys'));
  const opened = await (settings.protocol === 'https' ? https : http).listen(
    { protocol: 'http', host: '127.0.0.1', port: 0, ...settings },
    context,
  )();
  if (opened._tag === 'Left') throw new Error(opened.left.text);
  const listener = opened.right;
  onTestFinished(() => listener.close(0));
  const place = { ...listener.address, login: 'acme', password: 'secret', directory };
  return { memory, listener, place, lines: context.lines };
};
