SELECT seq, run, kind, place, epoch, at, payload, salt, digest, h
FROM events
WHERE seq >= ?
ORDER BY seq
LIMIT ?
