import { messagesContract } from '../../contracts/messages.ts';
import { memoryMessages } from '../../support/memory-messages.ts';

messagesContract('in memory', () => {
  const pair = memoryMessages({ maxMessageSize: 1024 * 1024 });
  return Promise.resolve({
    ...pair,
    dispose: async () => {
      await Promise.all([pair.inner.close(), pair.dmz.close()]);
    },
  });
});
