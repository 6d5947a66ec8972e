SELECT COUNT(*) FROM tokens WHERE purpose = $1 AND case_id = $2 AND expires_ms > $3
