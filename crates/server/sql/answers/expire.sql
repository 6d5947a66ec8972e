DELETE FROM answers WHERE expires_ms <= $1
