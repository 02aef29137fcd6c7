CREATE INDEX runs_by_request ON runs (last_request_seq)
