/** Sending a file to a partner by hand: its bytes go through the control socket, so that the server needs no right to read it. */
import { constants, type FileHandle, open } from 'node:fs/promises';
import { basename } from 'node:path';
import { isLeft } from 'fp-ts/lib/Either.js';
import type { Control, TransferRow } from '../../domain/control.ts';
import { sizeWords } from '../../domain/transfer/words.ts';
import { codeOf } from '../shared/failing.ts';
import { printable } from '../shared/printable.ts';
import type { Terminal } from '../shared/terminal.ts';
import { exits, type Program } from './program.ts';
import { type Asked, dataDirectory } from './transfers.ts';

/** Where the file goes, under which name, and whether the command waits for that. */
export type SendOptions = Asked & {
  readonly channel: string;
  readonly directory: string;
  readonly name?: string;
  readonly direct?: boolean;
  readonly wait?: boolean;
};

const largeFile = 8 * 1024 * 1024;
const between = 250;

/** Sends a file, and prints the id of its transfer; with `wait` fails where that does not end well. */
export const send = async (
  program: Program,
  terminal: Terminal,
  file: string,
  options: SendOptions,
): Promise<number> => {
  const name = options.name ?? basename(file);
  if (name === '')
    return failed(terminal, 'the name of the file at the partner is empty; give one with --name', exits.wrong);
  const data = await dataDirectory(program, terminal, options);
  if (isLeft(data)) return data.left;
  const handle = await openFile(file);
  if (typeof handle === 'string') return failed(terminal, `${file}: ${handle}`);
  try {
    const { size } = await handle.stat();
    const control = program.controlClient(data.right);
    const { channel, directory } = options;
    const request = { channel, directory, name, viaDmz: options.direct !== true, size, login: terminal.login };
    const sent = await control.send(request, counted(handle, size, terminal))();
    if (isLeft(sent)) return failed(terminal, sent.left.text);
    return await finish(program, terminal, control, sent.right, options);
  } finally {
    await handle.close();
  }
};

/** A regular file, opened; or why not. */
const openFile = async (file: string): Promise<FileHandle | string> => {
  try {
    // Without O_NONBLOCK the open of a named pipe would wait for its writer for ever.
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    if ((await handle.stat()).isFile()) return handle;
    await handle.close();
    return 'it is not a regular file';
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'there is no such file';
    if (code === 'EACCES' || code === 'EPERM') return 'you may not read it';
    return `it cannot be read (${code ?? String(error)})`;
  }
};

async function* counted(handle: FileHandle, size: number, terminal: Terminal): AsyncIterable<Uint8Array> {
  let done = 0;
  let told = -1;
  for await (const chunk of handle.createReadStream({ autoClose: false, highWaterMark: 256 * 1024 })) {
    yield chunk as Uint8Array;
    done += (chunk as Uint8Array).length;
    const percent = Math.floor((done / Math.max(1, size)) * 100);
    if (size >= largeFile && percent > told)
      terminal.progress(`${sizeWords(done)} of ${sizeWords(size)} (${percent} %)`);
    told = percent;
  }
  if (size >= largeFile) terminal.progress();
}

const finish = async (
  { clock }: Program,
  terminal: Terminal,
  control: Control,
  id: string,
  { wait, json }: SendOptions,
): Promise<number> => {
  if (wait !== true) {
    terminal.out(json === true ? JSON.stringify({ transfer: id }) : id);
    return exits.ok;
  }
  if (json !== true) terminal.out(id);
  for (;;) {
    const shown = await control.show(id)();
    if (isLeft(shown)) return failed(terminal, shown.left.text);
    const { row } = shown.right;
    if (isOver(row)) {
      if (json === true) terminal.out(JSON.stringify({ transfer: id, state: row.state, reason: row.reason }));
      return isSent(row) ? exits.ok : failed(terminal, `${id} is ${row.state}: ${row.reason ?? 'no reason is known'}`);
    }
    await new Promise<void>((resolve) => void clock.after(between, resolve));
  }
};

const isSent = ({ state }: TransferRow): boolean => state === 'sent' || state === 'acknowledged';
const isOver = (row: TransferRow): boolean => isSent(row) || row.ended || row.state === 'held';

const failed = (terminal: Terminal, text: string, code: number = exits.failed): number => {
  terminal.error(`sallyport: ${printable(text)}`);
  return code;
};
