import { describe, expect, it } from 'vitest';
import { cutUpload } from '../support/cut-upload.ts';

describe.each(['sftp', 'ftp'] as const)('an upload of 20 MiB over %s', (way) => {
  it('goes on where it was after three cuts and a SIGKILL of dmz; only the rest is sent again', async () => {
    expect(await cutUpload(way, 20)).toBeLessThan(10 * 1024 ** 2);
  }, 60_000);
});
