/** Every bound of the message service. Times are milliseconds, sizes bytes. */

const mebibyte = 1024 * 1024;

export const limits = {
  /** From the TCP connection to the end of the TLS handshake. */
  handshake: 10_000,
  /** From there to the hello. */
  hello: 10_000,
  /** Connections that have not said hello yet; more are dropped at once. */
  halfOpen: 64,
  /** A connection is dead when no byte arrived for `dead`; a ping every `ping` makes a living one send some. */
  ping: 2_500,
  dead: 10_000,
  /** A request other than a payload or a listing, from asking to the whole answer. */
  ask: 30_000,
  /** A listing of a partner's directory, from asking to the whole answer, and its size. */
  list: 120_000,
  listing: 32 * mebibyte,
  /** A payload without a byte. */
  stall: 30_000,
  /** What must move within that time where we send. */
  piece: 64 * 1024,
  /** What `close` waits for running requests. */
  close: 1_500,
  backoff: { first: 200, most: 15_000 },
  /** Requests at the same time on one connection. */
  streams: 256,
  parcels: 1_000,
  /** Text of a person's size: refusals, answers. */
  text: 1_000,
  /** What may be on its way unread; the 64 KiB that HTTP/2 begins with give 0.6 MiB/s at 100 ms. */
  streamWindow: 8 * mebibyte,
  sessionWindow: 16 * mebibyte,
  /** What is passed through: exchanges at the same time on a link, and what of each may be unread, since its reader may be slow. */
  exchanges: 512,
  exchangeWindow: 512 * 1024,
  hellos: 16 * 1024,
} as const;
