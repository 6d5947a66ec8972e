-- Counts one if the window before, as far as it still reaches back, and this one are below the limit. No row: refused, and not counted,
-- so that whoever keeps knocking does not keep the door shut. $6 of $7 milliseconds of the window are still to come; $8 is the limit.
INSERT INTO limits (name, key_digest, start_ms, spent, spent_before, ends_ms) VALUES ($1, $2, $3, 1, 0, $4)
ON CONFLICT (name, key_digest) DO UPDATE SET
  spent_before = CASE WHEN limits.start_ms >= $3 THEN limits.spent_before WHEN limits.start_ms = $5 THEN limits.spent ELSE 0 END,
  spent = CASE WHEN limits.start_ms >= $3 THEN limits.spent + 1 ELSE 1 END,
  start_ms = CASE WHEN limits.start_ms >= $3 THEN limits.start_ms ELSE $3 END,
  ends_ms = CASE WHEN limits.ends_ms > $4 THEN limits.ends_ms ELSE $4 END
WHERE CASE
    -- Whoever comes late from the window before counts the whole of both.
    WHEN limits.start_ms > $3 THEN limits.spent + limits.spent_before
    WHEN limits.start_ms = $3 THEN limits.spent + (limits.spent_before * $6 + $7 - 1) / $7
    WHEN limits.start_ms = $5 THEN (limits.spent * $6 + $7 - 1) / $7
    ELSE 0
  END < $8
