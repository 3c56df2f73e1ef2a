/** The wire server as a process of its own: `main.js DIRECTORY PORT HOST`; it says its address once it listens. */
import { startEventStore } from './index.ts';

const [directory, port = '0', host = '127.0.0.1'] = process.argv.slice(2);
if (directory === undefined || !/^\d+$/.test(port)) {
  process.stderr.write('usage: main.js DIRECTORY [PORT [HOST]]\n');
  process.exit(2);
}
const { url } = await startEventStore({ directory, host, port: Number(port) });
process.stdout.write(`${url}\n`);
