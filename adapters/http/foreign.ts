import type { IncomingMessage } from 'node:http';

/**
 * Has a page of another site made a browser ask, which would add the login of whoever reads that page? What browsers say
 * of this (Fetch Metadata; Origin, RFC 6454) no page can forge. `onlyShows`: what is read so is shown, and does no harm.
 */
export const isForeign = ({ method, headers }: IncomingMessage, onlyShows: boolean): boolean => {
  const reads = method === 'GET' || method === 'HEAD';
  const { origin, host = headers[':authority'] } = headers;
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site !== 'same-origin' && site !== 'none' && !(reads && onlyShows);
  // a WebSocket is a GET, and more than reading
  return (
    (!reads || headers.upgrade !== undefined) && origin !== undefined && origin.replace(/^https?:\/\//, '') !== host
  );
};

/** What whoever has been led here is told. */
export const foreignText = 'a page of another site has asked for this; open it yourself';
