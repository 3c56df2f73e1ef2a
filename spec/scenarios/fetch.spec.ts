import { describe, expect, it } from 'vitest';
import { cutFetch } from '../support/cut-fetch.ts';

describe('a fetch over SFTP', () => {
  it('goes on where it was after three cuts and a SIGKILL of each server: 20 MiB, only the rest is sent again', async () => {
    const again = await cutFetch(20);
    expect(again).toBeGreaterThan(0);
    expect(again).toBeLessThan(10 * 1024 ** 2);
  }, 120_000);
});
