#!/usr/bin/env node
/** The process entry: hands the commands what they are made of. */
import { fileURLToPath } from 'node:url';
import { roles, travels } from '../actors/roles.ts';
import { audit } from './audit.ts';
import { runCli } from './cli/index.ts';
import { dataOf, decodeFile, loadConfig } from './config/load.ts';
import { controlClient } from './control/client.ts';
import { bundle, createKeys, renewKeys, showKeys } from './keys/index.ts';
import { protocols } from './protocols.ts';
import { systemClock } from './shared/clock.ts';

/** What a command needs is loaded when it is given: each is a process of its own, and most need little. */
const when =
  <A extends readonly unknown[], B>(load: () => Promise<(...given: A) => Promise<B>>) =>
  async (...given: A): Promise<B> =>
    (await load())(...given);

const clock = systemClock();
const keys = { create: createKeys, bundle, renew: renewKeys, show: showKeys };
const entry = fileURLToPath(import.meta.url);
process.exitCode = await runCli(process.argv.slice(2), {
  protocols,
  load: loadConfig,
  dataOf,
  decode: decodeFile,
  start: when(async () => (await import('./gateway.ts')).startGateway),
  check: when(async () => (await import('./check.ts')).checkAll),
  keys,
  copyLog: when(async () => (await import('./log-copy.ts')).copyLog),
  controlClient,
  audit,
  demo: async (options) => (await import('./demo/index.ts')).runDemo({ ...options, entry, keys, controlClient, clock }),
  owners: { roles, travels },
  clock,
});
