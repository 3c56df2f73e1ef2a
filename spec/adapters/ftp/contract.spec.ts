import { ftp } from '../../../adapters/ftp/index.ts';
import { protocolContract } from '../../contracts/protocol.ts';
import { curlClient } from './clients.ts';

protocolContract({
  name: 'ftp',
  protocol: ftp,
  settings: { protocol: 'ftp', host: '127.0.0.1', port: 0 },
  client: curlClient,
});
