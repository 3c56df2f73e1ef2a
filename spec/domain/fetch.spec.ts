import { isLeft } from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { decodeConfig, type Problem } from '../../domain/config.ts';
import { permanent } from '../../domain/failure.ts';
import { placeOf } from '../../domain/fetch.ts';
import { protocol } from '../../domain/protocol.ts';

const fax = protocol({
  name: 'fax',
  port: 1,
  settings: z.strictObject({ protocol: z.literal('fax'), host: z.string(), port: z.number() }),
  listen: () => () => Promise.resolve({ _tag: 'Left', left: permanent('none', 'it is never opened') }),
});

const link = (peer: object) => ({
  ca: 'ca',
  certificate: 'certificate',
  key: 'key',
  peers: [{ node: 'other', fingerprint: `sha256:${'0'.repeat(64)}`, ...peer }],
});
const decode = (role: 'inner' | 'dmz', more: object, peer: object = {}) =>
  decodeConfig({ role, node: 'a', data: 'data', messageService: link(peer), ...more }, [fax]);
const problems = (...given: Parameters<typeof decode>): readonly Problem[] => {
  const decoded = decode(...given);
  return isLeft(decoded) ? decoded.left : [];
};

describe('the settings of fetching', () => {
  it('are sftp on inner and no endpoint on dmz, unless said otherwise', () => {
    expect(decode('inner', {}, { host: 'dmz' })).toMatchObject({ right: { fetchVia: 'sftp' } });
    expect(decode('dmz', {})).toMatchObject({ right: { fetch: {} } });
    const fetch = { sftp: { host: '10.0.0.5' }, ftp: { host: '10.0.0.5' } };
    expect(decode('dmz', { fetch })).toMatchObject({
      right: { fetch: { sftp: { port: 22 }, ftp: { port: 21, passivePorts: [31_000, 31_031] } } },
    });
  });

  it.each(['0.0.0.0', '::', '*'])('refuse %s: only inner may reach the endpoint', (host) => {
    expect(problems('dmz', { fetch: { sftp: { host } } })).toMatchObject([
      { path: 'fetch.sftp.host', problem: expect.stringContaining('faces inner') as string },
    ]);
  });

  it('refuse the place of a partners’ listener', () => {
    const fetch = { sftp: { host: '10.0.0.5' } };
    const beside = (host: string, port: number) =>
      problems('dmz', { fetch, listeners: [{ protocol: 'fax', host, port }] });
    for (const host of ['10.0.0.5', '0.0.0.0'])
      expect(beside(host, 22)).toMatchObject([
        { path: 'fetch.sftp.port', problem: expect.stringContaining('listeners[0]') as string },
      ]);
    expect(beside('192.0.2.1', 22)).toEqual([]);
    expect(beside('0.0.0.0', 2222)).toEqual([]);
  });

  it('refuse on dmz to say where to fetch', () => {
    expect(problems('dmz', {}, { fetch: { port: 22 } })).toMatchObject([{ path: 'messageService.peers[0].fetch' }]);
  });

  it('count from the peer’s host and the protocol’s port', () => {
    expect(placeOf('sftp', { host: 'dmz' })).toEqual({ host: 'dmz', port: 22 });
    expect(placeOf('ftp', { host: 'dmz', fetch: { host: 'other' } })).toEqual({ host: 'other', port: 21 });
    expect(placeOf('ftp', { host: 'dmz', fetch: { port: 2121 } })).toEqual({ host: 'dmz', port: 2121 });
    expect(placeOf('sftp', {})).toBeUndefined();
  });
});
