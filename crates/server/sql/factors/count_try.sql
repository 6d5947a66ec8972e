-- Counted before anything is compared. No row: it is ended, or was guessed at a hundred times.
UPDATE factors SET failures = failures + 1 WHERE id = $1 AND ended_ms IS NULL AND failures < 100 RETURNING failures
