UPDATE factors SET data = $2 WHERE id = $1 AND ended_ms IS NULL
