-- For checking: whatever a damaged database holds comes in the type that it should have, and the hashes tell the rest.
SELECT seq,
       CAST(run AS INTEGER), CAST(kind AS INTEGER), CAST(place AS BLOB), CAST(epoch AS INTEGER), CAST(at AS INTEGER),
       CAST(payload AS BLOB), CAST(salt AS BLOB), CAST(digest AS BLOB), CAST(h AS BLOB)
FROM events
WHERE seq >= ?
ORDER BY seq
LIMIT ?
