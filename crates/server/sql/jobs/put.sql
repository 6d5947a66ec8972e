INSERT INTO jobs (id, kind, case_id, only_one, payload, state, due_ms, tries, max_tries, created_ms)
VALUES ($1, $2, $3, $4, $5, 'waiting', $6, 0, $7, $8)
ON CONFLICT DO NOTHING
