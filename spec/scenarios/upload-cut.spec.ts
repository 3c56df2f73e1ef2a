import { describe, expect, it } from 'vitest';
import { cutUpload } from '../support/cut-upload.ts';

/** MiB that may be sent again. Over FTP what the sockets hold is lost at each of the four cuts; begun anew each time it would be 40. */
const atMost = { sftp: 10, ftp: 16 };

describe.each(['sftp', 'ftp'] as const)('an upload of 20 MiB over %s', (way) => {
  it('goes on where it was after three cuts and a SIGKILL of dmz; only the rest is sent again', async () => {
    expect(await cutUpload(way, 20)).toBeLessThan(atMost[way] * 1024 ** 2);
  }, 60_000);
});
