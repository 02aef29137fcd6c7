SELECT id, workflow, root, status, queued_at, ended_at, number,
       (SELECT max(seq) FROM events WHERE run = runs.number), epoch, worker, requester
FROM runs
WHERE id >= ? AND id < ?
ORDER BY number DESC
LIMIT ?
