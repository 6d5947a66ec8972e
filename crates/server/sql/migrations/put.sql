INSERT INTO migrations (version, name, digest, at_ms) VALUES ($1, $2, $3, $4)
