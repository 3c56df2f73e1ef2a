/** What HTTP/1.1 and HTTP/2 do each in their own way, for one connection with one request at a time. */
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** One connection. */
export type Wire = {
  readonly socket: Socket;
  /** What an answer bears that is the last one of its connection. */
  readonly last: Readonly<Record<string, string>>;
  /** Sends the head of an answer. */
  readonly begin: (response: ServerResponse, status: number, headers: OutgoingHttpHeaders) => void;
  /** Does away with a request that did not wait for the answer before it. */
  readonly refuse: (response: ServerResponse) => void;
  /** Breaks an answer off, so that nobody takes it for whole. */
  readonly cut: (response: ServerResponse) => void;
  /** Ends what there is of a request that was answered; `stays`: may there be another one? */
  readonly finish: (response: ServerResponse, stays: boolean) => void;
  /** Resolves once the client has what was written so far, where the protocol can tell; false where it did not want it. */
  readonly reached: (response: ServerResponse) => Promise<boolean>;
  /** Calls back when the client has said nothing for its time. */
  readonly onSilent: (act: () => void) => void;
};

/** A connection of HTTP/1.1: what is broken off there is the connection itself. */
export const firstWire = (socket: Socket): Wire => {
  const hangUp = (): void => void socket.destroy();
  return {
    socket,
    last: { connection: 'close' },
    begin: (response, status, headers) => void response.writeHead(status, headers),
    refuse: hangUp,
    cut: hangUp,
    finish: () => undefined,
    reached: () => Promise.resolve(true),
    onSilent: (act) => void socket.on('timeout', act),
  };
};
