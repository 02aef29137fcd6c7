UPDATE runs
SET status = ?, ended_at = ?
WHERE number = ?
