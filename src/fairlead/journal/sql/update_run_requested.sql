UPDATE runs
SET status = ?, last_request_seq = ?
WHERE number = ?
