import { ftp, ftps } from '../../../adapters/ftp/index.ts';
import { protocolContract } from '../../contracts/protocol.ts';
import { curlClient } from './clients.ts';

protocolContract({
  name: 'ftp',
  protocol: ftp,
  settings: { protocol: 'ftp', host: '127.0.0.1', port: 0 },
  client: (place) => curlClient(place),
});

for (const mode of ['explicit', 'implicit'] as const)
  protocolContract({
    name: `ftps, ${mode}`,
    protocol: ftps,
    settings: { protocol: 'ftps', mode, host: '127.0.0.1', port: 0 },
    client: (place) => curlClient(place, mode),
  });
