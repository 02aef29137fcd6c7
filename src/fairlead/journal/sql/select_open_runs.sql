SELECT id, root, status, queued_at,
       (SELECT max(seq) FROM events WHERE run = runs.number), last_request_seq, epoch, worker
FROM runs
WHERE ended_at = 0
ORDER BY number
LIMIT ?
