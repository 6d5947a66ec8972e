INSERT INTO accounts (id, name, mail, display, credential, must_change, disabled, failures, created_ms)
VALUES ($1, $2, $3, $4, 0, 0, 0, 0, $5)
ON CONFLICT DO NOTHING
