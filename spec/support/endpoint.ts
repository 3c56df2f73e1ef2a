/** A protocol's endpoint on the intake in memory, for one test. */
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Clock } from '../../domain/ports.ts';
import type { Listener, Protocol } from '../../domain/protocol.ts';
import type { Place } from '../contracts/protocol.ts';
import { listenerContext } from './listener-context.ts';
import { type Account, type MemoryIntake, memoryIntake } from './memory-intake.ts';
import { scratch } from './scratch.ts';

export type Endpoint = {
  readonly memory: MemoryIntake;
  readonly listener: Listener;
  readonly place: Place;
  readonly lines: readonly string[];
};

/** Opens it with these accounts; closed after the test. Its place is that of login `acme`, password `secret`. */
export const openEndpoint = async (
  protocol: Protocol,
  settings: Readonly<Record<string, unknown>>,
  accounts: readonly Account[],
  clock?: Clock,
): Promise<Endpoint> => {
  const directory = await scratch();
  const memory = memoryIntake(accounts);
  const context = listenerContext(memory.intake, join(directory, 'keys'), clock);
  const all = { protocol: protocol.name, host: '127.0.0.1', port: 0, ...settings };
  const opened = await protocol.listen(all, context)();
  if (opened._tag === 'Left') throw new Error(opened.left.text);
  const listener = opened.right;
  onTestFinished(() => listener.close(0));
  const place = { ...listener.address, login: 'acme', password: 'secret', directory };
  return { memory, listener, place, lines: context.lines };
};
