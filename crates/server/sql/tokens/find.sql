SELECT case_id, person_id, browser, data, created_ms, idle_ms, expires_ms, tries, max_tries FROM tokens
WHERE purpose = $1 AND hash = $2 AND expires_ms > $3 AND idle_ms > $3
