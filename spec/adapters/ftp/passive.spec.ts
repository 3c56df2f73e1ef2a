import { expect, it } from 'vitest';
import { extendedPort, passivePort } from '../../../adapters/ftp/passive.ts';

it('an answer to EPSV names a port, whatever character stands between', () => {
  expect(extendedPort('229 Entering Extended Passive Mode (|||6446|)')).toBe(6446);
  expect(extendedPort('229 OK (!!!6446!)')).toBe(6446);
  for (const nonsense of [
    '229 OK',
    '229 (|||0|)',
    '229 (|||65536|)',
    '229 (|1|10.0.0.1|6446|)',
    `229 (${'|'.repeat(60_000)}`,
  ])
    expect(extendedPort(nonsense)).toBeUndefined();
});

it('an answer to PASV names a port; its address is nothing to us', () => {
  expect(passivePort('227 Entering Passive Mode (192,168,1,2,25,46).')).toBe(6446);
  expect(passivePort('227 10,0,0,1,25,46')).toBe(6446);
  for (const nonsense of ['227 OK', '227 (1,2,3,4,0,0)', '227 (1,2,3,4,999,1)', `227 ${'1,'.repeat(30_000)}`])
    expect(passivePort(nonsense) ?? 0).toBeLessThan(65_536);
});
