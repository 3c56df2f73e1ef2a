import type { Readable } from 'node:stream';
import { printable } from '../shared/printable.ts';

const kept = 64 * 1024;
const longestLine = 500;

/** The last 64 KiB of what a stream gave. */
export type Tail = { readonly text: () => string };

/** Reads a stream to its end and keeps its tail, however much it is. */
export const tailOf = (stream: Readable): Tail => {
  let chunks: Buffer[] = [];
  let held = 0;
  stream.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    held += chunk.length;
    if (held < 2 * kept) return;
    chunks = [Buffer.concat(chunks).subarray(-kept)];
    held = kept;
  });
  return { text: () => Buffer.concat(chunks).subarray(-kept).toString('utf8') };
};

/** The last line that says something, safe for a log; empty where there is none. */
export const lastLine = (text: string): string => {
  const lines = text.split(/[\r\n]+/).filter((line) => line.trim() !== '');
  return printable((lines.at(-1) ?? '').trim(), longestLine);
};
