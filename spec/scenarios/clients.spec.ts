import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cutSftp } from '../support/cut-sftp.ts';
import { rounds } from '../support/rounds.ts';
import { type Pair, startPair } from '../support/servers.ts';
import { sftpPrograms } from '../support/sftp-programs.ts';
import { expectOneStory } from '../support/stories.ts';

/** 20 in every run; the full tier does 500. */
const count = process.env.SALLYPORT_FULL === '1' ? 500 : 20;

describe(`${count} transfers over SFTP, up and down, listed, renamed, resumed, without one failure`, () => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await startPair({ streamingSize: '64 KiB' });
  }, 60_000);
  afterAll(() => pair.end());

  it.each(sftpPrograms)('with $name', (program) => rounds(pair, program, count, cutSftp), count * 3_000 + 30_000);

  it('leave one story in both logs', async () => {
    expect(await expectOneStory(pair)).toBe(count * sftpPrograms.length);
  }, 60_000);
});
