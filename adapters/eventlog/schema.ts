/** The file of the log, and its tables, version by version. */

/** Its name in the data directory. */
export const logFile = 'events.db';

const first = `
  CREATE TABLE streams (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    revision INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE events (
    ordinal INTEGER PRIMARY KEY,
    stream INTEGER NOT NULL REFERENCES streams (id),
    revision INTEGER NOT NULL,
    id TEXT NOT NULL,
    type TEXT NOT NULL,
    data TEXT NOT NULL,
    metadata TEXT NOT NULL,
    UNIQUE (stream, revision),
    UNIQUE (stream, id)
  ) STRICT`;
/** `keep_from`: events before it are hidden. `purging`: where some of these are still there. `purged`: the last ordinal that was deleted. */
const second = `
  ALTER TABLE streams ADD COLUMN keep_from INTEGER NOT NULL DEFAULT 0;
  CREATE TABLE purging (stream INTEGER PRIMARY KEY REFERENCES streams (id)) STRICT;
  CREATE TABLE purged (ordinal INTEGER NOT NULL) STRICT;
  INSERT INTO purged VALUES (0)`;

/** What each version makes of the one before it. */
export const versions: readonly string[] = [first, second];
