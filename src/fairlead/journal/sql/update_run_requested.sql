UPDATE runs
SET last_request_seq = ?
WHERE number = ?
