CREATE INDEX events_of_run ON events (run, seq)
