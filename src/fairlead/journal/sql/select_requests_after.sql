SELECT runs.id,
       events.seq, events.run, events.kind, CAST(events.place AS BLOB), events.epoch, events.at,
       events.payload, events.salt, events.digest, events.h
FROM runs
JOIN events ON events.run = runs.number
WHERE runs.last_request_seq > ?1
  AND events.seq > ?1
  AND events.epoch = 0
ORDER BY events.seq
