-- A block is only made longer.
UPDATE persons SET blocked_until_ms = $2 WHERE id = $1 AND (blocked_until_ms IS NULL OR blocked_until_ms < $2)
