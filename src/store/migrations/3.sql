-- What was told, each thing once; and when it was last so.
CREATE TABLE told (
    key    TEXT NOT NULL PRIMARY KEY,
    at     TEXT NOT NULL,
    digest TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What fails again and again, until it does not.
CREATE TABLE trouble (
    subject  TEXT NOT NULL PRIMARY KEY,
    failures INTEGER NOT NULL,
    since    TEXT NOT NULL,
    told     INTEGER NOT NULL,
    why      TEXT NOT NULL,
    digest   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What is to be sent to whom: the attempt before it is made, the outcome (JSON) after it. The
-- receiver knows it by its id, whatever the number of attempts.
CREATE TABLE delivery (
    id           TEXT NOT NULL PRIMARY KEY,
    receiver     TEXT NOT NULL,
    message      TEXT NOT NULL,
    made_at      TEXT NOT NULL,
    due_at       TEXT NOT NULL,
    attempts     INTEGER NOT NULL,
    tried_at     TEXT,
    error        TEXT,
    outcome      TEXT,
    concluded_at TEXT,
    digest       TEXT NOT NULL
) STRICT, WITHOUT ROWID;
