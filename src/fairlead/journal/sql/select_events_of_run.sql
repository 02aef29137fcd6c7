SELECT seq, run, kind, place, epoch, at, payload, salt, digest, h
FROM events
WHERE run = (SELECT number FROM runs WHERE id = ?)
  AND seq > ?
ORDER BY seq
LIMIT ?
