-- Counted before it is compared. A lock that has ended starts anew; the try that reaches the limit sets the next one.
UPDATE accounts SET failures = CASE WHEN locked_until_ms IS NULL THEN failures + 1 ELSE 1 END,
  locked_until_ms = CASE WHEN (CASE WHEN locked_until_ms IS NULL THEN failures + 1 ELSE 1 END) >= CAST($4 AS BIGINT) THEN CAST($5 AS BIGINT) END
WHERE id = $1 AND credential = $2 AND (locked_until_ms IS NULL OR locked_until_ms <= $3)
