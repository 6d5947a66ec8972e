INSERT INTO recovery_codes (factor_id, hash) VALUES ($1, $2)
