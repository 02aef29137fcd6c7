UPDATE runs
SET status = ?, epoch = ?, worker = ?
WHERE number = ?
