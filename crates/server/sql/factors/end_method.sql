UPDATE factors SET ended_ms = $3 WHERE person_id = $1 AND method = $2 AND ended_ms IS NULL
