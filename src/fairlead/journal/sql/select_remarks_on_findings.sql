SELECT runs.id,
       events.seq, events.run, events.kind, CAST(events.place AS BLOB), events.epoch, events.at,
       events.payload, events.salt, events.digest, events.h
FROM events
JOIN runs ON runs.number = events.run
WHERE events.kind IN (13, 14)
ORDER BY events.seq
