import { describe, expect, it } from 'vitest';
import { cutUpload } from '../support/cut-upload.ts';

/** At each of the four cuts what is on its way is lost: socket buffers of some MiB. From the beginning each time it would be 40 MiB. */
const atMost = 16 * 1024 ** 2;

describe.each(['sftp', 'ftp'] as const)('an upload of 20 MiB over %s', (way) => {
  it('goes on where it was after three cuts and a SIGKILL of dmz; only the rest is sent again', async () => {
    expect(await cutUpload(way, 20)).toBeLessThan(atMost);
  }, 60_000);
});
