INSERT INTO tokens (purpose, hash, case_id, person_id, browser, data, created_ms, idle_ms, expires_ms, tries, max_tries)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10)
