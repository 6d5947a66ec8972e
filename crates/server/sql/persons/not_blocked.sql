UPDATE persons SET id = id WHERE id = $1 AND (blocked_until_ms IS NULL OR blocked_until_ms <= $2)
