import { describe, expect, it } from 'vitest';
import { cutUpload } from '../support/cut-upload.ts';

describe.each(['sftp', 'ftp'] as const)('an upload of 500 MiB over %s', (way) => {
  it('goes on where it was after three cuts and a SIGKILL of dmz; only the rest is sent again', async () => {
    const again = await cutUpload(way, 500);
    console.log(`${way}: sent again: ${(again / 1024 ** 2).toFixed(1)} MiB`);
    expect(again).toBeLessThan(40 * 1024 ** 2);
  }, 900_000);
});
