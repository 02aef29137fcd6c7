-- What the writer needs to know of a run before it writes.
SELECT number, epoch, last_request_seq, ended_at, status, worker,
       (SELECT max(seq) FROM events WHERE run = runs.number)
FROM runs
WHERE id = ?
