UPDATE factors SET ended_ms = $3, handle = NULL WHERE id = $1 AND person_id = $2 AND ended_ms IS NULL
