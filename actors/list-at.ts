import { isLeft, right } from 'fp-ts/lib/Either.js';
import type { Decision } from '../domain/failure.ts';
import type { ListRequest } from '../domain/message.ts';
import type { PartnerFile } from '../domain/partner.ts';
import type { Log } from '../domain/ports.ts';
import type { Enter } from './enter.ts';
import { asAnswer } from './refusals.ts';

/** Looks into a directory of a channel's partner, for inner. */
export const listAt = async (
  enter: Enter,
  log: Log,
  { channel, directory }: ListRequest,
): Promise<Decision<readonly PartnerFile[]>> => {
  const entered = await enter(channel)();
  if (isLeft(entered)) return asAnswer(entered);
  const { session } = entered.right;
  try {
    const listed = await session.list(directory)();
    if (isLeft(listed)) return asAnswer(listed);
    const { files, skipped } = listed.right;
    if (skipped > 0) log.warn('files whose names cannot be names here are left alone', { channel, directory, skipped });
    return right(files);
  } finally {
    await session.close();
  }
};
