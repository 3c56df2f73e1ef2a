import { ftpPartner, ftpsPartner } from '../../../adapters/ftp/client.ts';
import { partnerSessionContract } from '../../contracts/partner-session.ts';
import { startProftpd, startVsftpd } from '../../support/partner-servers.ts';
import { realPartner } from '../../support/real-partner.ts';

for (const [name, start] of [
  ['vsftpd', startVsftpd],
  ['proftpd', startProftpd],
] as const) {
  partnerSessionContract(`${name} over FTP`, () => realPartner(start(), ftpPartner, { protocol: 'ftp' }));
  for (const mode of ['explicit', 'implicit'] as const)
    partnerSessionContract(`${name} over ${mode} FTPS`, () =>
      realPartner(start({ tls: mode }), ftpsPartner, { protocol: 'ftps', mode }),
    );
}
