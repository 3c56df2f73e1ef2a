/** The line that we put before a mail: from whom we have it, and when (RFC 5321, section 4.4). */

/** What is known of a mail that comes. */
export type Trace = {
  readonly helo: string;
  readonly address: string;
  readonly hostname: string;
  /** `ESMTPS` and its like (RFC 3848). */
  readonly with: string;
  readonly id: string;
  readonly sender: string;
  /** Told only where it is one: the others are nobody's business. */
  readonly recipients: readonly string[];
  readonly at: number;
};

/** The line, folded; whatever the sender has said, it holds no line end of the sender's. */
export const receivedLine = (trace: Trace): Buffer => {
  const { helo, address, hostname, id, sender, recipients, at } = trace;
  const from = `from ${token(helo) || 'unknown'} (${address.includes(':') ? `[IPv6:${address}]` : `[${address}]`})`;
  const [only] = recipients;
  const whom = recipients.length === 1 && only !== undefined ? ` for <${path(only)}>` : '';
  const lines = [
    `Received: ${from}`,
    `by ${hostname} (Sallyport) with ${trace.with} id ${id}`,
    `(envelope-from <${path(sender)}>)${whom};`,
    mailDate(at),
  ];
  return Buffer.from(`${lines.join('\r\n\t')}\r\n`);
};

const token = (text: string): string => text.replace(/[^A-Za-z0-9.:[\]_-]/g, '').slice(0, 255);

// biome-ignore lint/suspicious/noControlCharactersInRegex: leaving them out is the point
const path = (text: string): string => text.replace(/[\u0000-\u0020<>()\\\u007f]/g, '').slice(0, 255);

/** A date as RFC 5322, section 3.3, writes it. */
export const mailDate = (at: number): string => new Date(at).toUTCString().replace('GMT', '+0000');
