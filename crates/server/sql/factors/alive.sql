UPDATE factors SET id = id WHERE id = $1 AND ended_ms IS NULL
