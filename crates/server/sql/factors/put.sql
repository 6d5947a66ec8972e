INSERT INTO factors (id, person_id, method, label, data, handle, created_ms, usable_from_ms, last_step, failures)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0)
ON CONFLICT DO NOTHING
