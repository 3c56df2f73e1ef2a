/** Records what a real EventStoreDB answers to the script: `record.js [DIRECTORY]`, with its address in EVENTSTORE_URL. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runScript } from './script.ts';

const url = process.env.EVENTSTORE_URL ?? '';
const [directory = 'spec/support/eventstore/transcripts'] = process.argv.slice(2);
if (url === '') {
  process.stderr.write('EVENTSTORE_URL is not set: give it the address of a real EventStoreDB, as esdb://host:2113\n');
  process.exit(2);
}
try {
  const transcript = await runScript(url);
  mkdirSync(directory, { recursive: true });
  const file = join(directory, `${transcript.server.replaceAll(/[^\w.-]/g, '_')}.json`);
  writeFileSync(file, `${JSON.stringify(transcript, null, 2)}\n`);
  process.stdout.write(`${file}: ${transcript.steps.length} steps\n`);
} catch (error) {
  const text = `${url} could not be recorded: ${error instanceof Error ? error.message : String(error)}`;
  process.stderr.write(`${text.replaceAll(/\/\/[^/@\s]*@/g, '//')}\n`);
  process.exit(1);
}
