INSERT INTO checkpoints (size, note, at_ms) VALUES ($1, $2, $3) ON CONFLICT (size) DO NOTHING
