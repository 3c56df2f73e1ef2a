import { describe, expect, it } from 'vitest';
import { cutFetch } from '../support/cut-fetch.ts';

describe('a fetch of 500 MiB over SFTP', () => {
  it('goes on where it was after three cuts and a SIGKILL of each server; only the rest is sent again', async () => {
    const again = await cutFetch(500);
    console.log(`sent again: ${(again / 1024 ** 2).toFixed(1)} MiB`);
    expect(again).toBeLessThan(10 * 1024 ** 2);
  }, 600_000);
});
