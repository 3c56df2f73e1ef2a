import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';

/** What keeps a program from being started: a sentence, or undefined. `path` is where names are looked up. */
export const whyNotRunnable = async (program: string, path: string): Promise<string | undefined> => {
  const places = isAbsolute(program) ? [program] : path.split(delimiter).map((each) => join(each, program));
  for (const place of places)
    if (
      await access(place, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return undefined;
  return isAbsolute(program)
    ? `${program} is not there, or not executable`
    : `there is no program ${program} in ${path}; name it with its path`;
};
