/** More files than we list, in a real directory. */
import { expect, it } from 'vitest';
import { sftpPartner } from '../../../adapters/sftp/client.ts';
import { failureOf, succeeded } from '../../support/outcome.ts';
import { startSshd } from '../../support/partner-servers.ts';
import { contextWith, placeAt } from '../../support/real-partner.ts';
import { run } from '../../support/run.ts';

it('a directory of more than 100,000 files is not listed over SFTP', async () => {
  const server = await startSshd();
  try {
    await run('sh', ['-c', 'seq 100001 | xargs touch'], { cwd: server.disk });
    const session = await succeeded(sftpPartner.connect({ protocol: 'sftp' }, placeAt(server), contextWith()));
    expect(await failureOf(session.list(server.root))).toMatchObject({ lasting: 'permanent', code: 'tooMany' });
    expect(await succeeded(session.look(`${server.root}/1`))).toMatchObject({ size: 0 });
    await session.close();
  } finally {
    await server.stop();
  }
});
