import { smtp, smtps } from '../../../adapters/smtp/index.ts';
import { protocolContract } from '../../contracts/protocol.ts';
import { contentOf, mailbox, swaksClient } from './clients.ts';

const common = {
  wrapped: { path: (remote: string) => `/${remote}@acme.example.eml`, unwrap: contentOf },
  mail: { recipients: [mailbox], senders: [], addresses: [], needsLogin: true },
};

protocolContract({
  ...{ name: 'smtp', protocol: smtp, ...common },
  settings: { protocol: 'smtp', host: '127.0.0.1', port: 0 },
  client: (place) => swaksClient(place, 'starttls'),
});

protocolContract({
  ...{ name: 'smtps', protocol: smtps, ...common },
  settings: { protocol: 'smtps', host: '127.0.0.1', port: 0 },
  client: (place) => swaksClient(place, 'implicit'),
});
