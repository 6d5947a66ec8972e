INSERT INTO persons (id, directory, directory_id, salt, language, created_ms) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT DO NOTHING
