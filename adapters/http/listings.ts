/** What a directory holds. */
import { answered, type Exchange, type Outcome } from './exchange.ts';
import { everywhere } from './replies.ts';

/** Lists it as JSON, an entry a line. */
export const list = ({ session, target }: Exchange): Outcome =>
  answered(session.list(target.name), (entries) => {
    const lines = entries.map(({ name, kind, size, modified, incomplete }) =>
      JSON.stringify({
        ...{ name, kind, size, modified: new Date(modified).toISOString() },
        ...(incomplete === true ? { incomplete } : {}),
      }),
    );
    const { channel } = session;
    const begin = JSON.stringify({ channel, path: target.name }).slice(0, -1);
    const body = `${begin},"entries":[${lines.map((line) => `\n${line}`).join(',')}\n]}\n`;
    return { status: 200, headers: { ...everywhere, 'content-type': 'application/json' }, body };
  });
