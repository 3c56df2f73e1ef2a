import { sftp } from '../../../adapters/sftp/index.ts';
import { protocolContract } from '../../contracts/protocol.ts';
import { openSshClient } from './clients.ts';

protocolContract({
  name: 'sftp',
  protocol: sftp,
  settings: { protocol: 'sftp', host: '127.0.0.1', port: 0 },
  client: openSshClient,
});
