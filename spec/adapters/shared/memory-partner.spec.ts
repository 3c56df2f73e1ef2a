import { expect, it } from 'vitest';
import { partnerSessionContract } from '../../contracts/partner-session.ts';
import { answerLost, memoryPartner } from '../../support/memory-partner.ts';
import { failureOf, inPieces } from '../../support/outcome.ts';

partnerSessionContract('a server in memory', () => {
  const server = memoryPartner();
  server.directories.add('/in');
  return Promise.resolve({
    root: '/in',
    connect: () => Promise.resolve(server.connect()),
    put: (name, bytes) => {
      server.files.set(`/in/${name}`, { bytes, modified: Date.now() });
      return Promise.resolve();
    },
    get: (name) => Promise.resolve(server.files.get(`/in/${name}`)?.bytes ?? Buffer.from('nothing')),
    makeDirectory: (name) => {
      server.directories.add(`/in/${name}`);
      return Promise.resolve();
    },
    makeLink: () => Promise.resolve(),
    clear: () => {
      server.files.clear();
      return Promise.resolve();
    },
    stop: () => Promise.resolve(),
  });
});

it('a server in memory fails as it is told, before the work or after it', async () => {
  const server = memoryPartner();
  server.directories.add('/in');
  const session = server.connect();
  const write = () => failureOf(session.write('/in/a', inPieces(Buffer.from('1'))));
  server.failNext('write', answerLost);
  expect([await write(), server.files.size]).toEqual([answerLost, 0]);
  server.failNext('write', answerLost, 'after');
  expect([await write(), server.files.size]).toEqual([answerLost, 1]);
  expect(server.calls).toEqual(['write /in/a', 'write /in/a']);
});
