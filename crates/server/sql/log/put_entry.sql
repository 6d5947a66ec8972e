INSERT INTO entries (leaf, case_id, seq, at_ms, body, batch) VALUES ($1, $2, $3, $4, $5, $6)
