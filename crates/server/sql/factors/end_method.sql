UPDATE factors SET ended_ms = $3, handle = NULL WHERE person_id = $1 AND method = $2 AND ended_ms IS NULL AND id <> $4
