-- An expired answer makes room for a new one.
INSERT INTO answers (key_digest, request, response, expires_ms) VALUES ($1, $2, $3, $4)
ON CONFLICT (key_digest) DO UPDATE SET request = $2, response = $3, expires_ms = $4 WHERE answers.expires_ms <= $5
