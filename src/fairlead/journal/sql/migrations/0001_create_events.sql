-- The record. A header (seq, run, kind, place, epoch, at, digest, h) and a payload that retention may drop with its salt.
-- The form of each column and the chain over them are described in chain.py.
CREATE TABLE events (
    seq     INTEGER PRIMARY KEY,
    run     INTEGER NOT NULL,
    kind    INTEGER NOT NULL,
    place   TEXT    NOT NULL,
    epoch   INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    payload BLOB,
    salt    BLOB,
    digest  BLOB    NOT NULL,
    h       BLOB    NOT NULL
) STRICT
