SELECT request, response FROM answers WHERE key_digest = $1 AND expires_ms > $2
