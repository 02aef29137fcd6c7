-- An index over the events, kept in the same commit and rebuildable from them. Only requests, claims and the end of a run
-- change it: a step does not. The number of a run is the seq of its run.queued; its last seq is asked of events_of_run.
CREATE TABLE runs (
    number           INTEGER PRIMARY KEY,
    id               TEXT    NOT NULL UNIQUE,
    key              TEXT    UNIQUE,
    workflow         TEXT    NOT NULL,
    root             TEXT    NOT NULL,
    requester        TEXT    NOT NULL,
    status           TEXT    NOT NULL,
    queued_at        INTEGER NOT NULL,
    ended_at         INTEGER NOT NULL,
    epoch            INTEGER NOT NULL,
    worker           TEXT    NOT NULL,
    last_request_seq INTEGER NOT NULL
) STRICT
