/** TLS 1.2 sessions that a client resumes by their id and not by a ticket (RFC 5246, section 7.3), as curl does. */
import { createServer, type Server } from 'node:net';

const most = 1000;

/** Where TLSSocket asks for sessions: a server that never listens, with the newest of them. OpenSSL itself sees to their age. */
export const sessionStore = (): Server => {
  const sessions = new Map<string, Buffer>();
  return createServer()
    .on('newSession', (id: Buffer, session: Buffer, done: () => void) => {
      const oldest = sessions.size >= most ? sessions.keys().next().value : undefined;
      if (oldest !== undefined) sessions.delete(oldest);
      sessions.set(id.toString('hex'), session);
      done();
    })
    .on('resumeSession', (id: Buffer, done: (error: null, session: Buffer | null) => void) => {
      done(null, sessions.get(id.toString('hex')) ?? null);
    });
};
