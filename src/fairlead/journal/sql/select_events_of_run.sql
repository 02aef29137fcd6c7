SELECT seq, run, kind, CAST(place AS BLOB), epoch, at, payload, salt, digest, h
FROM events
WHERE run = (SELECT number FROM runs WHERE id = ?)
  AND seq > ?
ORDER BY seq
LIMIT ?
