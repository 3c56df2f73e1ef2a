import { sftpPartner } from '../../../adapters/sftp/client.ts';
import { partnerSessionContract } from '../../contracts/partner-session.ts';
import { startProftpd, startSshd } from '../../support/partner-servers.ts';
import { realPartner } from '../../support/real-partner.ts';

const settings = { protocol: 'sftp' };

partnerSessionContract('sshd of OpenSSH', () => realPartner(startSshd(), sftpPartner, settings));
partnerSessionContract('proftpd with mod_sftp', () => realPartner(startProftpd({ sftp: true }), sftpPartner, settings));
