import { ftpPartner, ftpsPartner } from '../../../adapters/ftp/client.ts';
import { partnerConnectionContract } from '../../contracts/partner-connection.ts';
import { startProftpd, startVsftpd } from '../../support/partner-servers.ts';

for (const [name, start] of [
  ['vsftpd', startVsftpd],
  ['proftpd', startProftpd],
] as const) {
  partnerConnectionContract(`${name} over FTP`, () => start(), ftpPartner, { protocol: 'ftp' }, undefined);
  for (const mode of ['explicit', 'implicit'] as const)
    partnerConnectionContract(
      `${name} over ${mode} FTPS`,
      () => start({ tls: mode }),
      ftpsPartner,
      { protocol: 'ftps', mode },
      'certificate',
    );
}
