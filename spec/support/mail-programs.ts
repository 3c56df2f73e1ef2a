/** Postfix's own programs that send and take mail, unpacked by `npm run peers`. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Ran, run } from './run.ts';

const tree = fileURLToPath(new URL('../../var/peers/mail', import.meta.url));
const libraries = ['usr/lib/postfix', 'usr/lib/x86_64-linux-gnu'].map((each) => join(tree, each)).join(':');

const programOf = (name: string): { readonly file: string; readonly env: Readonly<Record<string, string>> } => {
  if (!existsSync(tree)) throw new Error(`there is no ${name} in ${tree}: npm run peers`);
  return { file: join(tree, 'usr/sbin', name), env: { LD_LIBRARY_PATH: libraries } };
};

/** smtp-source: sends many mails, each of its own Message-ID. */
export const smtpSource = (port: number, args: readonly string[]): Promise<Ran> => {
  const { file, env } = programOf('smtp-source');
  return run(file, [...args, `127.0.0.1:${port}`], { env });
};
