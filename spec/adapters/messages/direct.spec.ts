import { messagesContract } from '../../contracts/messages.ts';
import { keysOf, realPair } from './world.ts';

const keys = await keysOf([
  { role: 'inner', node: 'inner1', hosts: [] },
  { role: 'dmz', node: 'dmz1', hosts: ['127.0.0.1'] },
]);

messagesContract('direct over TLS', () => realPair('direct', keys));
