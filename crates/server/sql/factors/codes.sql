SELECT hash, used_ms FROM recovery_codes WHERE factor_id = $1 ORDER BY hash
