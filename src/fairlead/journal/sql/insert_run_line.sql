INSERT INTO runs
    (number, id, key, workflow, root, requester, status, queued_at, ended_at, epoch, worker, last_request_seq)
VALUES
    (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
