-- The try that was right is taken back. The hundredth try was counted and may still be the right one.
UPDATE factors SET last_used_ms = $2, failures = CASE WHEN failures > 0 THEN failures - 1 ELSE 0 END
WHERE id = $1 AND ended_ms IS NULL
