-- Moments are RFC 3339 texts in UTC with nine digits of the second, so that they sort as texts.
-- A digest is the SHA-256 of what the row says; a row that it does not fit is not believed.
-- There is no index beside the primary keys: a table that is its own index cannot contradict it.

-- What was seen: facts about the world, which can be seen again.
CREATE TABLE sighting (
    subject  TEXT NOT NULL PRIMARY KEY,
    value    TEXT NOT NULL,
    first_at TEXT NOT NULL,
    since    TEXT NOT NULL,
    last_at  TEXT NOT NULL,
    digest   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What was acted on: the intent before the write, the outcome (JSON) after it.
CREATE TABLE act (
    key          TEXT NOT NULL PRIMARY KEY,
    scope        TEXT NOT NULL,
    kind         TEXT NOT NULL,
    detail       TEXT NOT NULL,
    intended_at  TEXT NOT NULL,
    attempts     INTEGER NOT NULL,
    outcome      TEXT,
    concluded_at TEXT,
    digest       TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Scans, pages and copies of feeds: read or fetched again when they are missing or damaged.
CREATE TABLE memory (
    kind   TEXT NOT NULL,
    key    TEXT NOT NULL,
    digest TEXT NOT NULL,
    bytes  BLOB NOT NULL,
    PRIMARY KEY (kind, key)
) STRICT;
