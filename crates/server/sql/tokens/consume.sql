-- Bound to purpose, case and browser; used up by the same statement that finds it (R10).
DELETE FROM tokens
WHERE purpose = $1 AND hash = $2 AND expires_ms > $3 AND idle_ms > $3
  AND (browser IS NULL OR browser = $4) AND (case_id IS NULL OR case_id = $5)
