import type { Database } from '../shared/sqlite.ts';

/** Events of one transaction of the purge, so that appends wait for it only shortly. */
const atOnce = 500;

/** Hiding and deleting old events, inside a transaction of the caller's. An ordinal is never given to another event. */
export const openRetention = (db: Database) => {
  const hide = db.prepare(
    'UPDATE streams SET keep_from = max(keep_from, min(?, revision + 1)) WHERE name = ? RETURNING id',
  );
  const begin = db.prepare('INSERT OR IGNORE INTO purging (stream) VALUES (?)');
  const next = db.prepare('SELECT stream FROM purging LIMIT 1');
  const end = db.prepare('DELETE FROM purging WHERE stream = ?');
  const hidden = db.prepare(
    `SELECT e.ordinal FROM streams s CROSS JOIN events e ON e.stream = s.id
     WHERE s.id = ? AND e.revision < s.keep_from ORDER BY e.revision LIMIT ?`,
  );
  const remove = db.prepare('DELETE FROM events WHERE ordinal = ?');
  const remember = db.prepare('UPDATE purged SET ordinal = max(ordinal, ?)');
  return {
    hide: (stream: string, keepFrom: number): void => {
      const found = hide.get(keepFrom, stream) as { id: number } | undefined;
      if (found !== undefined) begin.run(found.id);
    },
    /** Deletes some; answers whether there may be more. */
    purge: (): boolean => {
      const found = next.get() as { stream: number } | undefined;
      if (found === undefined) return false;
      const ordinals = (hidden.all(found.stream, atOnce) as { ordinal: number }[]).map(({ ordinal }) => ordinal);
      for (const ordinal of ordinals) remove.run(ordinal);
      remember.run(ordinals.at(-1) ?? 0);
      if (ordinals.length < atOnce) end.run(found.stream);
      return true;
    },
  };
};
