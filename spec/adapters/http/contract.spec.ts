import { http, https } from '../../../adapters/http/index.ts';
import { protocolContract } from '../../contracts/protocol.ts';
import { curlClient } from './clients.ts';

for (const protocol of [http, https])
  protocolContract({
    name: protocol.name,
    protocol,
    settings: { protocol: protocol.name, host: '127.0.0.1', port: 0 },
    client: (place) => curlClient(place, protocol === http ? 'http' : 'https'),
  });
