INSERT INTO events (seq, run, kind, place, epoch, at, payload, salt, digest, h)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
