SELECT hash, case_id, browser, data, created_ms, idle_ms, expires_ms FROM tokens
WHERE purpose = $1 AND person_id = $2 AND expires_ms > $3 AND idle_ms > $3 ORDER BY created_ms, hash
