-- A time step opens once, and none before it opens after it (RFC 6238, 5.2).
UPDATE factors SET last_step = $2, last_used_ms = $3, failures = CASE WHEN failures > 0 THEN failures - 1 ELSE 0 END
WHERE id = $1 AND last_step < $2 AND ended_ms IS NULL
