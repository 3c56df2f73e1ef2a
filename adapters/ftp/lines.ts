/** The control connection's bytes as lines, in bounded memory: Telnet codes taken out (RFC 959, section 4; RFC 854), commands told apart. */

/** A line of the client, or the news that one was longer than anything legal. */
export type Line = { readonly kind: 'line'; readonly text: string } | { readonly kind: 'tooLong' };

/** A command: the verb in capitals, and its argument exactly as it was sent. */
export type Command = { readonly verb: string; readonly argument: string };

/** Bytes of the longest line that is taken. */
export const longestLine = 4096;

const [lineFeed, carriageReturn, nul] = [0x0a, 0x0d, 0x00];
/** Interpret As Command; the codes after it, of which the last four have an option behind them. */
const [iac, firstCode, firstOption] = [0xff, 0xf0, 0xfb];

/** The lines of one connection, one at a time. */
export type ControlLines = {
  /** The bytes that follow; only once those before have given all of their lines. */
  readonly give: (bytes: Uint8Array) => void;
  /** The next line, if there is a whole one. */
  readonly next: () => Line | undefined;
};

/**
 * Takes bytes in whatever pieces they come. Only CR LF ends a line, so that a name with a line feed in it cannot become a
 * command; CR NUL is a CR (RFC 2640, section 3.1), IAC IAC the byte 0xFF.
 */
export const controlLines = (): ControlLines => {
  let given: Uint8Array = Buffer.alloc(0);
  let at = 0;
  const line = Buffer.alloc(longestLine);
  let length = 0;
  let tooLong = false;
  let state: 'text' | 'afterReturn' | 'afterIac' | 'option' = 'text';

  const put = (byte: number): void => {
    // Verbs are ASCII. What stands before one is left of a Telnet signal whose other half came as urgent data.
    if (length === 0 && byte >= 0x80) return;
    if (length === longestLine) tooLong = true;
    else length = line.writeUInt8(byte, length);
  };

  const end = (): Line => {
    const ended: Line = tooLong ? { kind: 'tooLong' } : { kind: 'line', text: line.toString('utf8', 0, length) };
    length = 0;
    tooLong = false;
    return ended;
  };

  const plain = (byte: number): void => {
    if (byte === carriageReturn) state = 'afterReturn';
    else if (byte === iac) state = 'afterIac';
    else put(byte);
  };

  /** Answers whether the byte ends the line. */
  const step = (byte: number): boolean => {
    const before = state;
    state = 'text';
    if (before === 'text') plain(byte);
    else if (before === 'afterReturn') {
      if (byte === lineFeed) return true;
      put(carriageReturn);
      if (byte !== nul) plain(byte);
    } else if (before === 'afterIac') {
      if (byte === iac) put(iac);
      else if (byte >= firstOption) state = 'option';
      else if (byte < firstCode) plain(byte);
    }
    return false;
  };

  return {
    give: (bytes) => {
      given = bytes;
      at = 0;
    },
    next: () => {
      while (at < given.length) {
        const byte = given[at] ?? 0;
        at += 1;
        if (step(byte)) return end();
      }
      return undefined;
    },
  };
};

/** The command in a line, or undefined where it is none. One space parts verb and argument; all else belongs to the argument. */
export const commandIn = (text: string): Command | undefined => {
  const match = /^([A-Za-z]{3,8})(?: ([\s\S]*))?$/.exec(text);
  return match?.[1] === undefined ? undefined : { verb: match[1].toUpperCase(), argument: match[2] ?? '' };
};
