#!/usr/bin/env node
/** The process entry: hands the commands what they are made of. */
import { fileURLToPath } from 'node:url';
import { roles, travels } from '../actors/roles.ts';
import { audit } from './audit.ts';
import { checkAll } from './check.ts';
import { runCli } from './cli/index.ts';
import { dataOf, decodeFile, loadConfig } from './config/load.ts';
import { controlClient } from './control/client.ts';
import { runDemo } from './demo/index.ts';
import { startGateway } from './gateway.ts';
import { bundle, createKeys, renewKeys, showKeys } from './keys/index.ts';
import { copyLog } from './log-copy.ts';
import { protocols } from './protocols.ts';
import { systemClock } from './shared/clock.ts';

const clock = systemClock();
const keys = { create: createKeys, bundle, renew: renewKeys, show: showKeys };
const entry = fileURLToPath(import.meta.url);
process.exitCode = await runCli(process.argv.slice(2), {
  protocols,
  load: loadConfig,
  dataOf,
  decode: decodeFile,
  start: startGateway,
  check: checkAll,
  keys,
  copyLog,
  controlClient,
  audit,
  demo: (options) => runDemo({ ...options, entry, keys, controlClient, clock }),
  owners: { roles, travels },
  clock,
});
