-- Since when an entry of the memory was not used: what is not used any more is forgotten in the end.
-- The day stands before the bytes, so that it is read without them.
CREATE TABLE remembered (
    kind    TEXT NOT NULL,
    key     TEXT NOT NULL,
    used_on TEXT NOT NULL,
    digest  TEXT NOT NULL,
    bytes   BLOB NOT NULL,
    PRIMARY KEY (kind, key)
) STRICT;
INSERT INTO remembered (kind, key, used_on, digest, bytes)
    SELECT kind, key, date(), digest, bytes FROM memory;
DROP TABLE memory;
ALTER TABLE remembered RENAME TO memory;
