UPDATE runs
SET status = 'running', epoch = ?, worker = ?
WHERE number = ?
