/** wrk, which asks as fast as it is answered. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../support/run.ts';

/** What wrk has measured. */
export type Measured = { readonly perSecond: number; readonly p99: number };

const units: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000 };

/** Has wrk ask for so many seconds over so many connections; throws where it was not always answered with success. */
export const wrk = async (
  url: string,
  options: { readonly seconds: number; readonly connections: number; readonly script?: string },
): Promise<Measured> => {
  const { seconds, connections, script } = options;
  const scripted = script === undefined ? [] : ['-s', script];
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '30s', '--latency', ...scripted, url];
  const { code, out, err } = await run('wrk', args, { within: (seconds + 60) * 1000 });
  const perSecond = Number(/Requests\/sec:\s+([\d.]+)/.exec(out)?.[1] ?? Number.NaN);
  const [, late = '', unit = ''] = /99%\s+([\d.]+)(us|ms|s|m)\b/.exec(out) ?? [];
  if (code !== 0 || !(perSecond > 0) || /Non-2xx|Socket errors/.test(out)) throw new Error(`wrk ${url}: ${out}${err}`);
  return { perSecond, p99: Number(late) * (units[unit] ?? Number.NaN) };
};

/** A script for wrk that puts bodies of so many bytes, each under a name of its own. */
export const putScript = async (directory: string, path: string, size: number, login: string): Promise<string> => {
  const file = join(directory, `put-${size}.lua`);
  const lines = [
    'local n, body = 0, nil',
    `local start = string.format("%s-%d", tostring({}):sub(-6), os.time())`,
    'function init()',
    `  body = string.rep("x", ${size})`,
    '  wrk.headers["Content-Type"] = "application/octet-stream"',
    `  wrk.headers["Authorization"] = "Basic ${Buffer.from(login).toString('base64')}"`,
    'end',
    'function request()',
    '  n = n + 1',
    `  return wrk.format("PUT", "${path}" .. start .. "-" .. n, nil, body)`,
    'end',
  ];
  await writeFile(file, lines.join('\n'));
  return file;
};
