/**
 * What is in the file. `seq` is an offset; one sequence numbers the entries of all topics.
 *
 * Nothing here is indexed by an id or another random key but the topics' own: an index in random order costs a page
 * of the disk for each append [tried: 30 us instead of 3]. So `ids` is a plain list, and the look-up is in memory.
 */

/** In the header of the file (`application_id`): 'Parl'. */
export const applicationId = 0x5061_726c

/** In the header too (`user_version`). A file with a higher one is refused; each step up comes with its migration. */
export const schemaVersion = 3

/** From version 1 to 2. Few calls are `once`, and each may look its key up: here an index in random order is worth it. */
const onceTable = `
  CREATE TABLE once (
    key TEXT PRIMARY KEY,
    request TEXT NOT NULL,
    -- what it came to; NULL while that is not known
    result TEXT,
    -- known for so long, in ms since 1970
    until INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX once_until ON once (until);
`

/** From version 2 to 3. */
const contractsTable = `
  CREATE TABLE contracts (fingerprint TEXT PRIMARY KEY, description TEXT NOT NULL) STRICT;
`

/** Brings a file of an earlier version up to this one. In a transaction. */
export const migrations: ReadonlyMap<number, string> = new Map([
  [1, `${onceTable} PRAGMA user_version = 2;`],
  [2, `${contractsTable} PRAGMA user_version = 3;`],
])

export const schema: string = `
  CREATE TABLE run (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    synchronous TEXT NOT NULL,
    home TEXT NOT NULL,
    -- modification time that the file was given after a clean stop, in ms; NULL while a log has it open
    sealed INTEGER,
    -- highest offset of the topics that are remembered no more
    forgotten INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE epochs (n INTEGER PRIMARY KEY, epoch TEXT NOT NULL, start INTEGER NOT NULL) STRICT;
  CREATE TABLE topics (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    -- how long its window keeps an entry, in ms; NULL: it keeps the latest values
    keep_ms INTEGER,
    lost INTEGER NOT NULL,
    lost_why TEXT NOT NULL,
    replaced INTEGER NOT NULL,
    -- of what is kept, which is what lies above \`lost\`
    entries INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    touched INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE entries (
    seq INTEGER PRIMARY KEY,
    topic INTEGER NOT NULL,
    at INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    name TEXT NOT NULL,
    id TEXT NOT NULL,
    schema TEXT NOT NULL,
    not_to TEXT,
    json TEXT NOT NULL,
    meta TEXT,
    blobs BLOB
  ) STRICT;
  CREATE INDEX entries_of_topic ON entries (topic, seq, at, bytes);
  -- every append of the last two minutes, also of entries that are kept no more; the newest is always there
  CREATE TABLE ids (
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    topic TEXT NOT NULL,
    name TEXT NOT NULL,
    id TEXT NOT NULL
  ) STRICT;
  ${onceTable}
  ${contractsTable}
  PRAGMA application_id = ${applicationId};
  PRAGMA user_version = ${schemaVersion};
`
