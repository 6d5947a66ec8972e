-- What was read is what still stands there: of two who renew the same data, one is too late.
UPDATE factors SET data = $3 WHERE id = $1 AND data = $2 AND ended_ms IS NULL
