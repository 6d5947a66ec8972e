UPDATE recovery_codes SET used_ms = $3
WHERE factor_id = $1 AND hash = $2 AND used_ms IS NULL
