/** What a person may set for a bench, from the environment. */

/** `rounds` are counted; sizes and numbers of files are multiplied by `scale`. */
export type Settings = { readonly rounds: number; readonly scale: number };

/** Reads ROUNDS (default 3) and SCALE (default 1); throws at what is no such number. */
export const settingsOf = (env: Readonly<Record<string, string | undefined>>): Settings => {
  const rounds = Number(env.ROUNDS ?? 3);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`ROUNDS is a whole number from 1 on, not ${env.ROUNDS}`);
  const scale = Number(env.SCALE ?? 1);
  if (!(scale > 0 && scale <= 10)) throw new Error(`SCALE is a number above 0 and up to 10, not ${env.SCALE}`);
  return { rounds, scale };
};
