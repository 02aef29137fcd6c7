SELECT id
FROM runs
WHERE key = ?
