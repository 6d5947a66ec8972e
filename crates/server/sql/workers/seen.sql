INSERT INTO workers (id, seen_ms, signs, directories) VALUES ($1, $2, $3, $4)
ON CONFLICT (id) DO UPDATE SET seen_ms = excluded.seen_ms, signs = excluded.signs, directories = excluded.directories
