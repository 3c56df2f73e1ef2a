import { constants, open } from 'node:fs/promises';

/** The text of a regular file; throws a sentence where there is none, or where it is longer than `longest` bytes. */
export const readText = async (file: string, longest: number): Promise<string> => {
  // Without O_NONBLOCK the open of a named pipe would wait for its writer for ever.
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) => {
    throw new Error(whyNot(error));
  });
  try {
    if (!(await handle.stat()).isFile()) throw new Error('it is not a regular file');
    const chunks: Buffer[] = [];
    for await (const chunk of handle.createReadStream({ end: longest, autoClose: false })) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    if (bytes.length > longest) throw new Error(`it is longer than ${longest} bytes`);
    return bytes.toString('utf8');
  } finally {
    await handle.close();
  }
};

const whyNot = (error: unknown): string => {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'there is no such file';
  if (code === 'EACCES' || code === 'EPERM') return 'this user may not read it';
  return `it cannot be read (${String(code ?? error)})`;
};
